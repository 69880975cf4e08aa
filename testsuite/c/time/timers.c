/*
 * setitimer(2), alarm(2), timer_create(2): signals come on time and again, what is left
 * reads back, deleting stops them.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <sys/time.h>

static volatile sig_atomic_t count;
static volatile int value;

static void on_timer(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	count++;
	value = info->si_value.sival_int;
}

static void wait_for(int wanted)
{
	long long start = now_ms();

	while (count < wanted && now_ms() - start < 5000)
		sleep_ms(5);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_timer, .sa_flags = SA_SIGINFO };
	struct itimerval every = { { 0, 20000 }, { 0, 50000 } }, left;
	struct itimerspec each = { { 0, 20000000 }, { 0, 20000000 } }, got;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 77 };
	long long start = now_ms();
	timer_t timer;
	int before;

	alarm(0);
	NEED(sigaction(SIGALRM, &action, NULL));
	NEED(sigaction(SIGRTMIN + 1, &action, NULL));
	WANT(setitimer(ITIMER_REAL, &every, NULL), 0);
	wait_for(1);
	CHECK(now_ms() - start >= 49);
	wait_for(4);
	CHECK(count >= 4);
	CHECK(now_ms() - start >= 49 + 3 * 19);
	NEED(getitimer(ITIMER_REAL, &left));
	WANT(left.it_interval.tv_usec, 20000);
	every = (struct itimerval){ 0 };
	WANT(setitimer(ITIMER_REAL, &every, &left), 0);
	before = count;
	sleep_ms(60);
	WANT(count, before);
	WANT(alarm(100), 0);
	WANT(alarm(0), 100);

	count = 0;
	NEED(timer_create(CLOCK_MONOTONIC, &event, &timer));
	WANT(timer_settime(timer, 0, &each, NULL), 0);
	wait_for(3);
	CHECK(count >= 3);
	WANT(value, 77);
	WANT(timer_gettime(timer, &got), 0);
	WANT(got.it_interval.tv_nsec, 20000000);
	CHECK(timer_getoverrun(timer) >= 0);
	WANT(timer_delete(timer), 0);
	before = count;
	sleep_ms(60);
	WANT(count, before);
	FAILS(timer_create(9999, &event, &timer), EINVAL);
	return done();
}
