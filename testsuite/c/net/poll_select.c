/*
 * poll(2) and select(2) over several sockets: who is ready, POLLNVAL for a closed
 * descriptor, timeouts, POLLHUP when both directions are over.
 * Agrees: Linux 6.18.
 */
#include "net.h"

#include <sys/select.h>

int main(void)
{
	struct pair a = tcp_pair(AF_INET), b = udp_pair(AF_INET6);
	struct pollfd p[4] = {
		{ .fd = a.server, .events = POLLIN },
		{ .fd = b.server, .events = POLLIN | POLLOUT },
		{ .fd = 0x7fff, .events = POLLIN },
		{ .fd = -5, .events = POLLIN, .revents = 7 },
	};
	struct timeval none = { 0, 0 };
	fd_set readable;
	long long start;
	int top = (a.server > b.server ? a.server : b.server) + 1;

	WANT(poll(p, 4, 0), 2);
	WANT(p[0].revents, 0);
	WANT(p[1].revents, POLLOUT);
	WANT(p[2].revents, POLLNVAL);
	WANT(p[3].revents, 0);
	start = now_ms();
	WANT(poll(p, 1, 120), 0);
	CHECK(now_ms() - start >= 119);
	NEED(send(a.client, "x", 1, 0));
	NEED(send(b.client, "y", 1, 0));
	WANT(poll(p, 2, 5000), 2);
	WANT(p[0].revents, POLLIN);
	WANT(p[1].revents, POLLIN | POLLOUT);
	FD_ZERO(&readable);
	FD_SET(a.server, &readable);
	FD_SET(b.server, &readable);
	FD_SET(a.client, &readable);
	if (a.client >= top)
		top = a.client + 1;
	WANT(select(top, &readable, NULL, NULL, &none), 2);
	CHECK(FD_ISSET(a.server, &readable) && FD_ISSET(b.server, &readable) && !FD_ISSET(a.client, &readable));
	FD_ZERO(&readable);
	FD_SET(a.client, &readable);
	none.tv_usec = 60000;
	WANT(select(top, &readable, NULL, NULL, &none), 0);
	CHECK(!FD_ISSET(a.client, &readable));
	shutdown(a.client, SHUT_WR);
	shutdown(a.server, SHUT_WR);
	p[0].events = 0;
	CHECK(ready(a.server, 0, 1000) & POLLHUP);
	FAILS(select(-1, NULL, NULL, NULL, &none), EINVAL);
	return done();
}
