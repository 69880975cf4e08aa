/*
 * epoll_wait(2) with room for fewer than are ready takes them in turn.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct epoll_event event = { .events = EPOLLIN }, got;
	int epoll = NEED(epoll_create1(0)), seen[3] = { 0 };

	for (unsigned i = 0; i < 3; i++) {
		struct pair pair = udp_pair(AF_INET);

		event.data.u32 = i;
		NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event));
		NEED(send(pair.client, "x", 1, 0));
	}
	for (int i = 0; i < 6; i++) {
		NEED(epoll_wait(epoll, &got, 1, 1000));
		seen[got.data.u32]++;
	}
	CHECK(seen[0] == 2 && seen[1] == 2 && seen[2] == 2);
	return done();
}
