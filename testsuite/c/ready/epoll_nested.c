/*
 * An epoll descriptor is readable while something in it is ready, and can be watched by
 * another; a loop or a chain that is too long is ELOOP. epoll(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	struct epoll_event event = { .events = EPOLLIN }, got;
	int inner = NEED(epoll_create1(0)), outer = NEED(epoll_create1(0)), chain[8], longest, error = 0;

	NEED(epoll_ctl(inner, EPOLL_CTL_ADD, pair.server, &event));
	event.data.fd = inner;
	WANT(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event), 0);
	FAILS(epoll_ctl(inner, EPOLL_CTL_ADD, outer, &event), ELOOP);
	WANT(epoll_wait(outer, &got, 1, 0), 0);
	WANT(ready(inner, POLLIN, 0), 0);
	NEED(send(pair.client, "x", 1, 0));
	WANT(epoll_wait(outer, &got, 1, 5000), 1);
	WANT(got.data.fd, inner);
	WANT(ready(inner, POLLIN, 0), POLLIN);
	for (longest = 0; longest < 8; longest++) {
		chain[longest] = NEED(epoll_create1(0));
		if (longest && epoll_ctl(chain[longest], EPOLL_CTL_ADD, chain[longest - 1], &event) == -1) {
			error = errno;
			break;
		}
	}
	WANT(error, ELOOP);
	WANT(longest, 5);
	return done();
}
