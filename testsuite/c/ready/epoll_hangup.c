/*
 * EPOLLRDHUP, EPOLLHUP and EPOLLERR come without being asked for or as asked, also with
 * edges. epoll_ctl(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	struct epoll_event event = { .events = EPOLLET | EPOLLRDHUP }, got;
	struct linger reset = { 1, 0 };
	int epoll = NEED(epoll_create1(0));

	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event));
	WANT(epoll_wait(epoll, &got, 1, 0), 0);
	NEED(shutdown(pair.client, SHUT_WR));
	WANT(epoll_wait(epoll, &got, 1, 5000), 1);
	WANT(got.events, EPOLLRDHUP);
	WANT(epoll_wait(epoll, &got, 1, 0), 0);
	NEED(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
	close(pair.client);
	WANT(epoll_wait(epoll, &got, 1, 5000), 1);
	CHECK((got.events & (EPOLLERR | EPOLLHUP)) == (EPOLLERR | EPOLLHUP));
	return done();
}
