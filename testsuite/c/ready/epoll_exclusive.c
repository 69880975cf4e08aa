/*
 * EPOLLEXCLUSIVE is for EPOLL_CTL_ADD alone, not together with EPOLLONESHOT, and not on
 * another epoll. epoll_ctl(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE }, got;
	int epoll = NEED(epoll_create1(0)), other = NEED(epoll_create1(0));

	FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, other, &event), EINVAL);
	event.events |= EPOLLONESHOT;
	FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event), EINVAL);
	event.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLET;
	WANT(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event), 0);
	WANT(epoll_ctl(other, EPOLL_CTL_ADD, pair.server, &event), 0);
	FAILS(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.server, &event), EINVAL);
	NEED(send(pair.client, "x", 1, 0));
	WANT(epoll_wait(epoll, &got, 1, 5000), 1);
	return done();
}
