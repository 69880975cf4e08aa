/*
 * epoll(7), edge-triggered and one-shot: an event per arrival, none for what is left
 * over; EPOLLONESHOT is silent until re-armed; re-arming reports what is there.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	int epoll = NEED(epoll_create1(0));
	struct epoll_event event = { .events = EPOLLIN | EPOLLET }, got[4];
	char byte;

	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event));
	NEED(send(pair.client, "ab", 2, 0));
	WANT(epoll_wait(epoll, got, 4, 5000), 1);
	WANT(epoll_wait(epoll, got, 4, 0), 0);
	NEED(recv(pair.server, &byte, 1, 0));
	WANT(epoll_wait(epoll, got, 4, 0), 0);
	/* A new arrival is a new edge, though the queue was not empty. */
	NEED(send(pair.client, "c", 1, 0));
	WANT(epoll_wait(epoll, got, 4, 5000), 1);
	event.events = EPOLLIN | EPOLLONESHOT;
	WANT(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.server, &event), 0);
	WANT(epoll_wait(epoll, got, 4, 5000), 1);
	NEED(send(pair.client, "d", 1, 0));
	WANT(epoll_wait(epoll, got, 4, 50), 0);
	WANT(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.server, &event), 0);
	WANT(epoll_wait(epoll, got, 4, 5000), 1);
	close(epoll);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
