/*
 * futex(2): FUTEX_WAIT answers EAGAIN on another value and ETIMEDOUT in time, FUTEX_WAKE
 * counts whom it woke, across processes in shared memory; FUTEX_CMP_REQUEUE.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static int *words;

static long futex(int *word, int operation, int value, void *timeout, int *other, int third)
{
	return syscall(SYS_futex, word, operation, value, timeout, other, third);
}

static pid_t waiter(void)
{
	pid_t child;

	fflush(stdout);
	child = NEED(fork());
	if (child == 0)
		_exit(futex(&words[0], FUTEX_WAIT, 0, NULL, NULL, 0) != 0);
	return child;
}

int main(void)
{
	struct timespec span = { 0, 100000000 };
	long long start;
	pid_t child[3];
	long woken;

	words = NEED(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	FAILS(futex(&words[0], FUTEX_WAIT, 1, NULL, NULL, 0), EAGAIN);
	start = now_ms();
	FAILS(futex(&words[0], FUTEX_WAIT, 0, &span, NULL, 0), ETIMEDOUT);
	CHECK(now_ms() - start >= 99);
	WANT(futex(&words[0], FUTEX_WAKE, 5, NULL, NULL, 0), 0);
	FAILS(futex((int *)((char *)words + 1), FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
	FAILS(futex(NULL, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
	FAILS(futex(&words[0], 99, 0, NULL, NULL, 0), ENOSYS);
	for (int i = 0; i < 3; i++)
		child[i] = waiter();
	sleep_ms(200);
	FAILS(futex(&words[0], FUTEX_CMP_REQUEUE, 1, (void *)10, &words[1], 7), EAGAIN);
	WANT(futex(&words[0], FUTEX_CMP_REQUEUE, 1, (void *)10, &words[1], 0), 3);
	WANT(futex(&words[0], FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	woken = futex(&words[1], FUTEX_WAKE, 1, NULL, NULL, 0);
	WANT(woken, 1);
	WANT(futex(&words[1], FUTEX_WAKE, 10, NULL, NULL, 0), 1);
	for (int i = 0; i < 3; i++)
		CHECK(left_well(child[i]));
	return done();
}
