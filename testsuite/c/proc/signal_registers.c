/*
 * A signal handler changes no register of the interrupted code, floating point
 * included: sums go on while a timer's signals come and compute themselves.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <sys/time.h>

static volatile sig_atomic_t count;
static volatile double trash;

static void on_timer(int number)
{
	double x = number;

	for (int i = 1; i < 200; i++)
		x = x * 1.5 + 1.0 / i;
	trash = x;
	count++;
}

int main(void)
{
	struct itimerval every = { { 0, 2000 }, { 0, 2000 } };
	struct sigaction action = { .sa_handler = on_timer, .sa_flags = SA_RESTART };
	long long rounds = 0, start;
	int wrong = 0;

	NEED(sigaction(SIGVTALRM, &action, NULL));
	NEED(sigaction(SIGPROF, &action, NULL));
	NEED(sigaction(SIGALRM, &action, NULL));
	NEED(setitimer(ITIMER_REAL, &every, NULL));
	start = now_ms();
	while ((count < 50 || rounds < 50) && now_ms() - start < 10000) {
		double a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;
		long i = 7, j = 8, k = 9;

		for (int n = 0; n < 20000; n++) {
			a += 0.5; b += 0.25; c += 1; d -= 0.5; e += 2; f -= 1;
			i += 3; j ^= i; k += j;
			__asm__ volatile("" : "+r"(i), "+r"(j), "+r"(k));
		}
		wrong += a != 10001 || b != 5002 || c != 20003 || d != -9996 || e != 40005 || f != -19994 || i != 60007;
		rounds++;
	}
	every = (struct itimerval){ 0 };
	NEED(setitimer(ITIMER_REAL, &every, NULL));
	CHECK(count >= 10);
	WANT(wrong, 0);
	return done();
}
