/*
 * getrusage(2), times(2): how CPU time divides into user and system time is a guess, but
 * neither part ever falls, whatever the program turns to.
 * Agrees: Linux 7.2.
 */
#include "check.h"

#include <sys/resource.h>
#include <sys/times.h>

static long long us(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

static long long now(void)
{
	struct timespec t;

	NEED(clock_gettime(CLOCK_MONOTONIC, &t));
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

int main(void)
{
	long long begin = now(), user = 0, system = 0, before;
	long user_fell = 0, system_fell = 0, ticks_fell = 0;
	struct tms last = { 0 }, times_now;
	struct rusage usage;
	volatile long work = 0;

	/* A program's start costs time, too. */
	NEED(getrusage(RUSAGE_SELF, &usage));
	before = us(usage.ru_utime) + us(usage.ru_stime);
	while (now() - begin < 400000) {
		/* Thirty milliseconds of one kind, then of the other. */
		if ((now() - begin) / 30000 % 2)
			for (int i = 0; i < 20000; i++)
				work += i;
		else
			for (int i = 0; i < 50; i++)
				getppid();
		NEED(getrusage(RUSAGE_SELF, &usage));
		user_fell += us(usage.ru_utime) < user;
		system_fell += us(usage.ru_stime) < system;
		user = us(usage.ru_utime);
		system = us(usage.ru_stime);
		NEED(times(&times_now));
		ticks_fell += times_now.tms_utime < last.tms_utime || times_now.tms_stime < last.tms_stime;
		last = times_now;
	}
	WANT(user_fell, 0);
	WANT(system_fell, 0);
	WANT(ticks_fell, 0);
	CHECK(user + system > before);
	CHECK(user + system - before <= now() - begin + 10000);
	return done();
}
