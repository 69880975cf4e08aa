/*
 * Threads (clone(2), futex(2) through pthreads): mutexes exclude, condition variables
 * wake, thread-local storage is each one's own, joining gives the value, one process id
 * and many thread ids.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <pthread.h>
#include <sys/syscall.h>

#define THREADS 8
#define ROUNDS 5000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static long total, turn;
static __thread long own;
static pid_t ids[THREADS];

static void *counts(void *argument)
{
	long me = (long)argument;

	ids[me] = syscall(SYS_gettid);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		total++;
		pthread_mutex_unlock(&lock);
		own++;
	}
	pthread_mutex_lock(&lock);
	while (turn != me)
		pthread_cond_wait(&turned, &lock);
	turn++;
	pthread_cond_broadcast(&turned);
	pthread_mutex_unlock(&lock);
	return (void *)(own + me);
}

int main(void)
{
	pthread_t thread[THREADS];
	int right = 0, different = 1;

	for (long i = 0; i < THREADS; i++)
		WANT(pthread_create(&thread[i], NULL, counts, (void *)i), 0);
	for (long i = 0; i < THREADS; i++) {
		void *value;

		pthread_join(thread[i], &value);
		right += (long)value == ROUNDS + i;
	}
	WANT(right, THREADS);
	WANT(total, THREADS * ROUNDS);
	WANT(turn, THREADS);
	WANT(own, 0);
	for (int i = 0; i < THREADS; i++)
		for (int k = 0; k < i; k++)
			different &= ids[i] != ids[k] && ids[i] != getpid();
	CHECK(different);
	WANT(syscall(SYS_gettid), getpid());
	return done();
}
