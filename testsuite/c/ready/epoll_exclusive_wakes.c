/*
 * EPOLLEXCLUSIVE: an arrival wakes one of the epolls that watch a descriptor, the first one
 * in which somebody waits; an epoll where nobody waits does not keep it from the others, and
 * every one without the flag hears of it. epoll_ctl(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <pthread.h>
#include <sys/eventfd.h>

#define THREADS 4

static int watched, epolls[THREADS];
static volatile int woken[THREADS];

static void *wait_once(void *argument)
{
	struct epoll_event got;
	long index = (long)argument;

	woken[index] = epoll_wait(epolls[index], &got, 1, 400);
	return NULL;
}

/* How many of the threads in [first, THREADS) are woken by one arrival. */
static int wakes(int first, unsigned flags, int plain)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	unsigned long long value = 1;
	pthread_t threads[THREADS];
	int count = 0;

	watched = NEED(eventfd(0, EFD_NONBLOCK));
	for (int i = 0; i < THREADS; i++) {
		epolls[i] = NEED(epoll_create1(0));
		event.events = EPOLLIN | EPOLLET | (i == plain ? 0 : flags);
		NEED(epoll_ctl(epolls[i], EPOLL_CTL_ADD, watched, &event));
	}
	for (long i = first; i < THREADS; i++) {
		woken[i] = 0;
		pthread_create(&threads[i], NULL, wait_once, (void *)i);
		sleep_ms(20);
	}
	NEED(write(watched, &value, 8));
	for (int i = first; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		count += woken[i] == 1;
	}
	for (int i = 0; i < THREADS; i++)
		close(epolls[i]);
	close(watched);
	return count;
}

int main(void)
{
	WANT(wakes(0, 0, -1), THREADS);
	WANT(wakes(0, EPOLLEXCLUSIVE, -1), 1);
	/* Nobody waits in the first two. */
	WANT(wakes(2, EPOLLEXCLUSIVE, -1), 1);
	WANT(wakes(3, EPOLLEXCLUSIVE, -1), 1);
	/* One is not exclusive. */
	WANT(wakes(0, EPOLLEXCLUSIVE, 3), 2);
	WANT(wakes(0, EPOLLEXCLUSIVE, 0), 2);
	return done();
}
