/*
 * sched(7) on one CPU: SCHED_FIFO before SCHED_OTHER, priorities among themselves,
 * turns under SCHED_RR, shares by nice value, SCHED_RESET_ON_FORK, and the errors.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif

/* musl's wrappers refuse on purpose: the calls themselves. */
static int set(pid_t pid, int policy, int priority)
{
	return syscall(SYS_sched_setscheduler, pid, policy, &priority);
}

static int priority_of(pid_t pid)
{
	int priority = -1;

	return syscall(SYS_sched_getparam, pid, &priority) ? -1 : priority;
}

static int policy_of(pid_t pid)
{
	return syscall(SYS_sched_getscheduler, pid);
}

/* Who did something in which order, shared by all processes. */
static struct shared {
	volatile int next, go;
	volatile char order[8];
	volatile unsigned long count[2];
} *shared;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static pid_t appears(char name, int policy, int priority)
{
	pid_t child = NEED(fork());

	if (child == 0) {
		if (set(0, policy, priority))
			_exit(1);
		shared->order[shared->next++] = name;
		_exit(0);
	}
	return child;
}

static void counts(int which, double until)
{
	while (now() < until)
		shared->count[which]++;
	_exit(0);
}

/* How often each of two children came to count in a while; the parent starts both before either runs. */
static void race(int policy, int nice_of_second)
{
	double until = now() + 0.6;

	NEED(set(0, SCHED_FIFO, 50));
	shared->count[0] = shared->count[1] = 0;
	for (int which = 0; which < 2; which++) {
		if (NEED(fork()) == 0) {
			set(0, policy, policy == SCHED_OTHER ? 0 : 5);
			if (which == 1 && nice_of_second)
				setpriority(PRIO_PROCESS, 0, nice_of_second);
			counts(which, until);
		}
	}
	while (wait(NULL) > 0)
		;
}

int main(void)
{
	cpu_set_t one;
	pid_t child;
	struct timespec turn;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	NEED(sched_setaffinity(0, sizeof one, &one));
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (set(0, SCHED_FIFO, 50))
		return skip("no right to real-time policies");

	WANT(policy_of(0), SCHED_FIFO);
	WANT(priority_of(0), 50);
	WANT(syscall(SYS_sched_get_priority_max, SCHED_RR), 99);
	WANT(syscall(SYS_sched_get_priority_min, SCHED_FIFO), 1);
	FAILS(set(0, SCHED_FIFO, 0), EINVAL);
	FAILS(set(0, SCHED_FIFO, 100), EINVAL);
	FAILS(set(0, SCHED_OTHER, 1), EINVAL);
	FAILS(set(0, 77, 0), EINVAL);
	FAILS(set(-1, SCHED_OTHER, 0), EINVAL);
	FAILS(syscall(SYS_sched_setparam, 0, NULL), EINVAL);
	WANT(syscall(SYS_sched_rr_get_interval, 0, &turn), 0);
	CHECK(turn.tv_sec == 0 && turn.tv_nsec == 0);
	WANT(set(0, SCHED_RR, 50), 0);
	WANT(syscall(SYS_sched_rr_get_interval, 0, &turn), 0);
	CHECK(turn.tv_sec > 0 || turn.tv_nsec > 0);
	WANT(set(0, SCHED_FIFO, 50), 0);

	/* Children of a FIFO parent do not run before it sleeps; then the highest goes first. */
	shared->next = 0;
	appears('a', SCHED_FIFO, 10);
	appears('b', SCHED_FIFO, 30);
	CHECK(shared->next == 0);
	while (wait(NULL) > 0)
		;
	/* Each runs at 50 until it has lowered itself: the first is overtaken by the second. */
	CHECK(shared->order[0] == 'b' && shared->order[1] == 'a');

	/* A higher priority takes the CPU at once when it is given. */
	shared->next = 0;
	child = NEED(fork());
	if (child == 0) {
		shared->order[shared->next++] = 'c';
		_exit(0);
	}
	WANT(shared->next, 0);
	WANT(set(child, SCHED_FIFO, 60), 0);
	WANT(shared->next, 1);
	wait(NULL);

	/* A busy FIFO thread keeps those of less out; a sleeping one does not. */
	shared->go = 0;
	child = NEED(fork());
	if (child == 0) {
		set(0, SCHED_OTHER, 0);
		shared->go = 1;
		_exit(0);
	}
	for (double until = now() + 0.1; now() < until;)
		;
	CHECK(shared->go == 0);
	usleep(50000);
	CHECK(shared->go == 1);
	wait(NULL);

	/* SCHED_RESET_ON_FORK. */
	WANT(set(0, SCHED_FIFO | SCHED_RESET_ON_FORK, 50), 0);
	WANT(policy_of(0), SCHED_FIFO | SCHED_RESET_ON_FORK);
	child = NEED(fork());
	if (child == 0)
		_exit(policy_of(0) != SCHED_OTHER || priority_of(0) != 0);
	{
		int status;

		NEED(waitpid(child, &status, 0));
		WANT(status, 0);
	}

	/* FIFO equals do not take turns, RR equals do; nice 15 gets a small part of what nice 0 gets. */
	race(SCHED_RR, 0);
	CHECK(shared->count[0] > 0 && shared->count[1] > 0);
	race(SCHED_FIFO, 0);
	CHECK(shared->count[0] == 0 || shared->count[1] == 0);
	race(SCHED_OTHER, 15);
	CHECK(shared->count[0] > 2 * shared->count[1]);
	CHECK(shared->count[1] > 0);
	race(SCHED_OTHER, 0);
	CHECK(shared->count[0] < 2 * shared->count[1] && shared->count[1] < 2 * shared->count[0]);
	return done();
}
