/*
 * epoll_wait(2) sleeps until a peer in another process acts: data, a new connection,
 * room in a full queue; a timeout is kept; a signal is EINTR, epoll_pwait's mask holds
 * it back.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void on_signal(int number) { (void)number; }

static pid_t later(void (*act)(const struct pair *), const struct pair *pair)
{
	pid_t child;

	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		sleep_ms(100);
		act(pair);
		_exit(0);
	}
	return child;
}

static void sends(const struct pair *pair) { send(pair->client, "x", 1, 0); }

static void drains(const struct pair *pair)
{
	static char block[65536];

	while (recv(pair->client, block, sizeof block, MSG_DONTWAIT) > 0)
		sleep_ms(1);
}

static void signals(const struct pair *pair)
{
	(void)pair;
	kill(getppid(), SIGUSR1);
}

int main(void)
{
	static char block[65536];
	struct pair pair = tcp_pair(AF_INET);
	int epoll = NEED(epoll_create1(0));
	struct epoll_event event = { .events = EPOLLIN }, got;
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t mask;
	long long start;
	pid_t child;

	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &event));
	start = now_ms();
	WANT(epoll_wait(epoll, &got, 1, 150), 0);
	CHECK(now_ms() - start >= 149);
	child = later(sends, &pair);
	WANT(epoll_wait(epoll, &got, 1, -1), 1);
	CHECK(left_well(child));
	while (send(pair.server, block, sizeof block, MSG_DONTWAIT) > 0)
		;
	event.events = EPOLLOUT;
	NEED(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.server, &event));
	WANT(epoll_wait(epoll, &got, 1, 0), 0);
	child = later(drains, &pair);
	WANT(epoll_wait(epoll, &got, 1, 10000), 1);
	WANT(got.events, EPOLLOUT);
	CHECK(left_well(child));
	event.events = 0;
	NEED(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.server, &event));
	NEED(sigaction(SIGUSR1, &action, NULL));
	child = later(signals, &pair);
	FAILS(epoll_wait(epoll, &got, 1, 10000), EINTR);
	CHECK(left_well(child));
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	child = later(signals, &pair);
	WANT(epoll_pwait(epoll, &got, 1, 300, &mask), 0);
	CHECK(left_well(child));
	return done();
}
