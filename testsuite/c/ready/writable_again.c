/*
 * A full stream is not writable until a good part of it has been read; poll(2) then says
 * so, edge-triggered epoll reports it once.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	static char block[1 << 16];
	struct pair pair = tcp_pair(AF_INET);
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET }, got;
	int epoll = NEED(epoll_create1(0));
	size_t sent = 0, received = 0;

	set_int(pair.client, SOL_SOCKET, SO_SNDBUF, 65536);
	set_nonblocking(pair.client);
	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.client, &event));
	WANT(epoll_wait(epoll, &got, 1, 1000), 1);
	for (int quiet = 0; quiet < 20; sleep_ms(1)) {
		ssize_t n = write(pair.client, block, sizeof block);

		quiet = n > 0 ? 0 : quiet + 1;
		sent += n > 0 ? n : 0;
	}
	WANT(ready(pair.client, POLLOUT, 0), 0);
	while (epoll_wait(epoll, &got, 1, 0) == 1)
		;
	while (received < sent) {
		ssize_t n = read(pair.server, block, sizeof block);

		NEED(n);
		received += n;
	}
	WANT(ready(pair.client, POLLOUT, 5000), POLLOUT);
	WANT(epoll_wait(epoll, &got, 1, 1000), 1);
	WANT(got.events, EPOLLOUT);
	return done();
}
