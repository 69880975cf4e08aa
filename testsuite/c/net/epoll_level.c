/*
 * epoll(7), level-triggered: ready as long as data is there; EPOLLOUT at once; the data
 * word comes back; EPOLL_CTL errors; closing removes.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	int epoll = NEED(epoll_create1(EPOLL_CLOEXEC));
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 0x1122334455667788 }, got[4];
	char byte;

	FAILS(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.server, &event), ENOENT);
	WANT(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event), 0);
	FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event), EEXIST);
	FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event), EINVAL);
	WANT(epoll_wait(epoll, got, 4, 0), 0);
	NEED(send(pair.client, "ab", 2, 0));
	for (int i = 0; i < 2; i++) {
		WANT(epoll_wait(epoll, got, 4, 5000), 1);
		WANT(got[0].events, EPOLLIN);
		WANT(got[0].data.u64, 0x1122334455667788);
		NEED(recv(pair.server, &byte, 1, 0));
	}
	WANT(epoll_wait(epoll, got, 4, 0), 0);
	event.events = EPOLLIN | EPOLLOUT;
	WANT(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.server, &event), 0);
	WANT(epoll_wait(epoll, got, 4, 5000), 1);
	WANT(got[0].events, EPOLLOUT);
	event.events = EPOLLIN | EPOLLRDHUP;
	WANT(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.server, &event), 0);
	close(pair.client);
	WANT(epoll_wait(epoll, got, 4, 5000), 1);
	WANT(got[0].events, EPOLLIN | EPOLLRDHUP);
	close(pair.server);
	WANT(epoll_wait(epoll, got, 4, 0), 0);
	FAILS(epoll_wait(epoll, got, 0, 0), EINVAL);
	close(epoll);
}

int main(void)
{
	for_both(test);
	FAILS(epoll_create1(0x1000), EINVAL);
	FAILS(epoll_wait(0x7fff, &(struct epoll_event){ 0 }, 1, 0), EBADF);
	return done();
}
