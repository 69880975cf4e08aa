/*
 * EPOLLONESHOT reports once, then the descriptor is quiet until EPOLL_CTL_MOD.
 * epoll_ctl(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.u64 = 0x1122334455667788 }, got;
	int epoll = NEED(epoll_create1(EPOLL_CLOEXEC));

	WANT(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event), 0);
	NEED(send(pair.client, "x", 1, 0));
	WANT(epoll_wait(epoll, &got, 1, 5000), 1);
	CHECK(got.data.u64 == 0x1122334455667788 && got.events == EPOLLIN);
	WANT(epoll_wait(epoll, &got, 1, 20), 0);
	NEED(send(pair.client, "y", 1, 0));
	WANT(epoll_wait(epoll, &got, 1, 20), 0);
	WANT(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.server, &event), 0);
	WANT(epoll_wait(epoll, &got, 1, 5000), 1);
	WANT(epoll_wait(epoll, &got, 1, 0), 0);
	return done();
}
