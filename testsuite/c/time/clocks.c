/*
 * clock_gettime(2), nanosleep(2), clock_nanosleep(2): clocks go forward and agree with
 * each other, sleeps last at least as long as asked, a signal ends them with the rest.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <sys/time.h>

static void on_signal(int number) { (void)number; }

static long long ns(clockid_t clock)
{
	struct timespec t;

	NEED(clock_gettime(clock, &t));
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void interrupts(void)
{
	sleep_ms(100);
	kill(getppid(), SIGUSR1);
}

int main(void)
{
	struct timespec span = { 0, 50000000 }, rest = { 0, 0 }, until;
	struct sigaction action = { .sa_handler = on_signal };
	long long start, last = 0, step = 0;
	struct timeval day;
	pid_t child;

	for (int i = 0; i < 10000; i++) {
		long long now = ns(CLOCK_MONOTONIC);

		step |= now < last;
		last = now;
	}
	WANT(step, 0);
	CHECK(ns(CLOCK_REALTIME) > 1700000000LL * 1000000000);
	NEED(gettimeofday(&day, NULL));
	CHECK(llabs(day.tv_sec - ns(CLOCK_REALTIME) / 1000000000) <= 1);
	CHECK(llabs(time(NULL) - day.tv_sec) <= 1);
	CHECK(ns(CLOCK_BOOTTIME) >= ns(CLOCK_MONOTONIC) - 1000000000);
	CHECK(llabs(ns(CLOCK_MONOTONIC_COARSE) - ns(CLOCK_MONOTONIC)) < 100000000);
	start = ns(CLOCK_MONOTONIC);
	WANT(nanosleep(&span, NULL), 0);
	CHECK(ns(CLOCK_MONOTONIC) - start >= 50000000);
	NEED(clock_gettime(CLOCK_MONOTONIC, &until));
	start = ns(CLOCK_MONOTONIC);
	until.tv_nsec += 30000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	WANT(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
	CHECK(ns(CLOCK_MONOTONIC) - start >= 29000000);
	/* Processor time counts work and no sleep. */
	start = ns(CLOCK_PROCESS_CPUTIME_ID);
	sleep_ms(100);
	CHECK(ns(CLOCK_PROCESS_CPUTIME_ID) - start < 60000000);
	start = ns(CLOCK_PROCESS_CPUTIME_ID);
	for (volatile long i = 0; ns(CLOCK_PROCESS_CPUTIME_ID) - start < 20000000 && i < 100000000; i++)
		;
	CHECK(ns(CLOCK_PROCESS_CPUTIME_ID) - start >= 20000000);
	CHECK(ns(CLOCK_THREAD_CPUTIME_ID) >= 20000000);
	NEED(sigaction(SIGUSR1, &action, NULL));
	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		interrupts();
		_exit(0);
	}
	span = (struct timespec){ 10, 0 };
	FAILS(nanosleep(&span, &rest), EINTR);
	CHECK(rest.tv_sec == 9);
	CHECK(left_well(child));
	FAILS(nanosleep(&(struct timespec){ 0, 1000000000 }, NULL), EINVAL);
	FAILS(clock_gettime(9999, &span), EINVAL);
	return done();
}
