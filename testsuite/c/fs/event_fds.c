/*
 * eventfd(2), timerfd_create(2), signalfd(2): counters, expirations and signals as
 * things to read and to poll.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static int readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms);
}

int main(void)
{
	struct itimerspec timer = { { 0, 50000000 }, { 0, 50000000 } }, left;
	struct signalfd_siginfo info;
	uint64_t value = 5;
	sigset_t mask;
	long long start;
	int fd;

	fd = NEED(eventfd(3, EFD_NONBLOCK));
	WANT(read(fd, &value, 8), 8);
	WANT(value, 3);
	FAILS(read(fd, &value, 8), EAGAIN);
	value = 4;
	WANT(write(fd, &value, 8), 8);
	WANT(write(fd, &value, 8), 8);
	WANT(readable(fd, 0), 1);
	NEED(read(fd, &value, 8));
	WANT(value, 8);
	FAILS(write(fd, &value, 4), EINVAL);
	value = ~0ULL;
	FAILS(write(fd, &value, 8), EINVAL);
	fd = NEED(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
	NEED(read(fd, &value, 8));
	WANT(value, 1);
	WANT(readable(fd, 0), 1);

	fd = NEED(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	FAILS(read(fd, &value, 8), EAGAIN);
	start = now_ms();
	WANT(timerfd_settime(fd, 0, &timer, NULL), 0);
	WANT(readable(fd, 5000), 1);
	CHECK(now_ms() - start >= 49);
	sleep_ms(120);
	NEED(read(fd, &value, 8));
	CHECK(value >= 2);
	NEED(timerfd_gettime(fd, &left));
	WANT(left.it_interval.tv_nsec, 50000000);
	CHECK(left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 50000000);
	timer = (struct itimerspec){ 0 };
	WANT(timerfd_settime(fd, 0, &timer, NULL), 0);
	NEED(timerfd_gettime(fd, &left));
	WANT(left.it_value.tv_nsec, 0);

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	NEED(sigprocmask(SIG_BLOCK, &mask, NULL));
	fd = NEED(signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC));
	FAILS(read(fd, &info, sizeof info), EAGAIN);
	WANT(readable(fd, 0), 0);
	NEED(kill(getpid(), SIGUSR1));
	WANT(readable(fd, 1000), 1);
	WANT(read(fd, &info, sizeof info), sizeof info);
	WANT(info.ssi_signo, SIGUSR1);
	WANT(info.ssi_pid, getpid());
	return done();
}
