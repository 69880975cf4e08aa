/*
 * A closed descriptor leaves the epoll by itself only when no duplicate of it is left.
 * epoll(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = 5 }, got;
	int epoll = NEED(epoll_create1(0)), copy = NEED(dup(pair.server));

	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event));
	close(pair.server);
	NEED(send(pair.client, "x", 1, 0));
	WANT(epoll_wait(epoll, &got, 1, 5000), 1);
	WANT(got.data.u32, 5);
	FAILS(epoll_ctl(epoll, EPOLL_CTL_DEL, pair.server, NULL), EBADF);
	close(copy);
	WANT(epoll_wait(epoll, &got, 1, 20), 0);
	return done();
}
