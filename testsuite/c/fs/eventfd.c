/*
 * eventfd(2), timerfd_create(2), signalfd(2).
 * Agrees: Linux 6.18.
 */
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <stdint.h>

static int events(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	poll(&p, 1, 0);
	return p.revents;
}

static void counters(void)
{
	int fd = NEED(eventfd(3, EFD_NONBLOCK));
	uint64_t v = 5;

	WANT(events(fd), POLLIN | POLLOUT);
	WANT(write(fd, &v, 8), 8);
	WANT(read(fd, &v, 8), 8);
	WANT(v, 8);
	WANT(events(fd), POLLOUT);
	FAILS(read(fd, &v, 8), EAGAIN);
	FAILS(read(fd, &v, 7), EINVAL);
	FAILS(write(fd, &v, 7), EINVAL);
	v = UINT64_MAX;
	FAILS(write(fd, &v, 8), EINVAL);
	v = UINT64_MAX - 1;
	WANT(write(fd, &v, 8), 8);
	WANT(events(fd), POLLIN);
	v = 1;
	FAILS(write(fd, &v, 8), EAGAIN);
	close(fd);
	fd = NEED(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC));
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	WANT(read(fd, &v, 8), 8);
	WANT(v, 1);
	WANT(read(fd, &v, 8), 8);
	FAILS(read(fd, &v, 8), EAGAIN);
	WANT(lseek(fd, 5, SEEK_SET), 0);
	FAILS(eventfd(0, 0x10), EINVAL);
	close(fd);
}

static void timers(void)
{
	int fd = NEED(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	struct itimerspec t = { { 0, 20000000 }, { 0, 30000000 } }, old;
	struct timespec now;
	uint64_t v;
	long long start = now_ms();

	FAILS(read(fd, &v, 8), EAGAIN);
	WANT(timerfd_settime(fd, 0, &t, NULL), 0);
	WANT(timerfd_gettime(fd, &old), 0);
	CHECK(old.it_value.tv_nsec > 0 && old.it_value.tv_nsec <= 30000000 && old.it_interval.tv_nsec == 20000000);
	struct pollfd p = { fd, POLLIN, 0 };
	WANT(poll(&p, 1, 5000), 1);
	CHECK(now_ms() - start >= 29);
	WANT(read(fd, &v, 8), 8);
	CHECK(v >= 1);
	sleep_ms(110);
	WANT(read(fd, &v, 8), 8);
	CHECK(v >= 4 && v < 50);
	t.it_value.tv_nsec = 0;
	WANT(timerfd_settime(fd, 0, &t, &old), 0);
	CHECK(old.it_interval.tv_nsec == 20000000);
	sleep_ms(30);
	FAILS(read(fd, &v, 8), EAGAIN);
	/* An absolute time in the past is due at once. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	t = (struct itimerspec){ { 0, 0 }, { now.tv_sec, now.tv_nsec } };
	WANT(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL), 0);
	WANT(poll(&p, 1, 1000), 1);
	WANT(read(fd, &v, 8), 8);
	WANT(v, 1);
	t.it_value.tv_nsec = 1000000000;
	FAILS(timerfd_settime(fd, 0, &t, NULL), EINVAL);
	FAILS(timerfd_create(99, 0), EINVAL);
	FAILS(timerfd_create(CLOCK_MONOTONIC, 0x10), EINVAL);
	FAILS(read(fd, &v, 4), EINVAL);
	NEED(fcntl(fd, F_SETFL, 0));
	t = (struct itimerspec){ { 0, 0 }, { 0, 20000000 } };
	NEED(timerfd_settime(fd, 0, &t, NULL));
	WANT(read(fd, &v, 8), 8);
	close(fd);
	fd = NEED(timerfd_create(CLOCK_REALTIME, 0));
	clock_gettime(CLOCK_REALTIME, &now);
	t = (struct itimerspec){ { 0, 0 }, { now.tv_sec + 1, now.tv_nsec } };
	start = now_ms();
	NEED(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL));
	WANT(read(fd, &v, 8), 8);
	CHECK(now_ms() - start >= 900 && now_ms() - start < 3000);
	close(fd);
}

static void signals(void)
{
	sigset_t set;
	struct signalfd_siginfo info[2];
	int fd;
	pid_t child;
	union sigval value = { .sival_int = 42 };

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = NEED(signalfd(-1, &set, SFD_NONBLOCK));
	FAILS(read(fd, info, sizeof info), EAGAIN);
	FAILS(read(fd, info, 100), EINVAL);
	WANT(events(fd), 0);
	raise(SIGUSR1);
	sigqueue(getpid(), SIGRTMIN + 1, value);
	WANT(events(fd), POLLIN);
	WANT(read(fd, info, sizeof info), (long)sizeof info);
	WANT(info[0].ssi_signo, SIGUSR1);
	WANT(info[0].ssi_pid, getpid());
	WANT(info[1].ssi_signo, SIGRTMIN + 1);
	WANT(info[1].ssi_int, 42);
	WANT(events(fd), 0);
	NEED(fcntl(fd, F_SETFL, 0));
	child = NEED(fork());
	if (!child) {
		sleep_ms(30);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	WANT(read(fd, info, sizeof info), (long)sizeof *info);
	WANT(info[0].ssi_pid, child);
	CHECK(left_well(child));
	child = NEED(fork());
	if (!child) {
		sleep_ms(30);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	struct pollfd p = { fd, POLLIN, 0 };
	WANT(poll(&p, 1, 5000), 1);
	CHECK(left_well(child));
	FAILS(signalfd(0, &set, 0), EINVAL);
	close(fd);
}

int main(void)
{
	counters();
	timers();
	signals();
	return done();
}
