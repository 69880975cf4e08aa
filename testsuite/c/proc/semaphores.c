/*
 * System V semaphores: creation and keys, waiting for a value and for zero, several operations
 * at once or not at all, SEM_UNDO at exit, removal while somebody waits, limits and errors.
 * semget(2), semop(2), semctl(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "check.h"
#include "handler.h"

#include <sys/sem.h>

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
};

static int set;

static int op(int number, int change, int flags)
{
	struct sembuf one = { number, change, flags };

	return semop(set, &one, 1);
}

static int value(int number)
{
	return semctl(set, number, GETVAL);
}

/* A child that does `body` after a while, and leaves with its answer. */
static pid_t later(int (*body)(void))
{
	pid_t child;

	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		sleep_ms(50);
		_exit(body());
	}
	return child;
}

static int post(void) { return op(0, 1, 0); }
static int take(void) { return op(1, -1, 0); }
static int removal(void) { return semctl(set, 0, IPC_RMID); }
static int undone(void) { return op(2, 3, SEM_UNDO); }

int main(void)
{
	struct sembuf two[2] = { { 0, -1, IPC_NOWAIT }, { 1, -1, IPC_NOWAIT } };
	struct timespec span = { 0, 50000000 };
	unsigned short values[3] = { 1, 2, 3 }, got[3] = { 9, 9, 9 };
	struct semid_ds status;
	union semun argument;
	key_t key = 0x50c0e4e;
	long long begin;
	pid_t child;
	int other;

	FAILS(semget(IPC_PRIVATE, 0, 0600), EINVAL);
	FAILS(semget(IPC_PRIVATE, 100000, 0600), EINVAL);
	other = semget(key, 1, 0);
	if (other != -1)
		NEED(semctl(other, 0, IPC_RMID));
	FAILS(semget(key, 1, 0), ENOENT);
	other = NEED(semget(key, 2, IPC_CREAT | 0600));
	WANT(semget(key, 0, 0), other);
	WANT(semget(key, 1, IPC_CREAT), other);
	FAILS(semget(key, 2, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	FAILS(semget(key, 3, 0), EINVAL);
	WANT(semctl(other, 0, IPC_RMID), 0);
	FAILS(semctl(other, 0, GETVAL), EINVAL);

	set = NEED(semget(IPC_PRIVATE, 3, 0600));
	WANT(value(0), 0);
	argument.array = values;
	WANT(semctl(set, 0, SETALL, argument), 0);
	argument.array = got;
	WANT(semctl(set, 0, GETALL, argument), 0);
	CHECK(memcmp(values, got, sizeof got) == 0);
	argument.buf = &status;
	WANT(semctl(set, 0, IPC_STAT, argument), 0);
	WANT(status.sem_nsems, 3);
	WANT(status.sem_otime, 0);
	CHECK(status.sem_ctime > 0);
	WANT(status.sem_perm.mode & 0777, 0600);
	FAILS(semctl(set, 3, GETVAL), EINVAL);
	FAILS(semctl(set, -1, GETVAL), EINVAL);
	FAILS(semctl(set, 0, 99), EINVAL);
	argument.val = -1;
	FAILS(semctl(set, 0, SETVAL, argument), ERANGE);
	argument.val = 32768;
	FAILS(semctl(set, 0, SETVAL, argument), ERANGE);
	argument.val = 32767;
	WANT(semctl(set, 0, SETVAL, argument), 0);
	FAILS(op(0, 1, 0), ERANGE);
	argument.val = 1;
	WANT(semctl(set, 0, SETVAL, argument), 0);

	/* One operation, or none of them. */
	WANT(op(0, -1, 0), 0);
	WANT(semctl(set, 0, GETPID), getpid());
	FAILS(op(0, -1, IPC_NOWAIT), EAGAIN);
	FAILS(semop(set, two, 2), EAGAIN);
	WANT(value(1), 2);
	FAILS(semop(set, two, 0), EINVAL);
	FAILS(semop(set, two, 501), E2BIG);
	FAILS(semop(set, nowhere, 1), EFAULT);
	FAILS(op(3, 1, 0), EFBIG);
	FAILS(semop(-1, two, 1), EINVAL);

	/* Waiting: for a value, for zero, with a limit. */
	child = later(post);
	WANT(op(0, -1, 0), 0);
	CHECK(left_well(child));
	argument.val = 1;
	NEED(semctl(set, 1, SETVAL, argument));
	child = later(take);
	WANT(op(1, 0, 0), 0);
	CHECK(left_well(child));
	FAILS(op(2, 0, IPC_NOWAIT), EAGAIN);
	begin = now_ms();
	FAILS(semtimedop(set, two + 0, 1, &span), EAGAIN);
	two[0].sem_flg = 0;
	FAILS(semtimedop(set, two, 1, &span), EAGAIN);
	CHECK(now_ms() - begin >= 50);
	span.tv_nsec = -1;
	FAILS(semtimedop(set, two, 1, &span), EINVAL);

	/* Who waits is counted. */
	fflush(stdout);
	child = NEED(fork());
	if (child == 0)
		_exit(op(0, -1, 0));
	for (int i = 0; i < 200 && semctl(set, 0, GETNCNT) == 0; i++)
		sleep_ms(5);
	WANT(semctl(set, 0, GETNCNT), 1);
	WANT(semctl(set, 0, GETZCNT), 0);
	WANT(op(0, 1, 0), 0);
	CHECK(left_well(child));
	WANT(semctl(set, 0, GETNCNT), 0);

	/* What a process undoes when it ends. */
	WANT(value(2), 3);
	child = later(undone);
	CHECK(left_well(child));
	WANT(value(2), 3);

	/* A signal, and the end of the set. */
	handle(SIGUSR1, SA_RESTART);
	child = signal_later(SIGUSR1, 50);
	FAILS(op(0, -1, 0), EINTR);
	CHECK(left_well(child));
	child = later(removal);
	FAILS(op(0, -1, 0), EIDRM);
	CHECK(left_well(child));
	FAILS(op(0, 1, 0), EINVAL);
	return done();
}
