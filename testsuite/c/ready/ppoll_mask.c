/*
 * ppoll(2) and pselect(2) change the signal mask for as long as they wait: a blocked
 * signal that is pending ends the wait.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "handler.h"

int main(void)
{
	struct pollfd none = { .fd = -1 };
	struct timespec span = { 5, 0 }, negative = { -1, 0 };
	sigset_t blocked, open;

	sigemptyset(&open);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	handle(SIGUSR1, 0);
	NEED(sigprocmask(SIG_BLOCK, &blocked, NULL));
	NEED(kill(getpid(), SIGUSR1));
	WANT(handled, 0);
	FAILS(ppoll(&none, 1, &span, &open), EINTR);
	WANT(handled, 1);
	NEED(kill(getpid(), SIGUSR1));
	FAILS(pselect(0, NULL, NULL, NULL, &span, &open), EINTR);
	WANT(handled, 2);
	FAILS(ppoll(&none, 1, &negative, NULL), EINVAL);
	NEED(sigprocmask(SIG_BLOCK, NULL, &open));
	CHECK(sigismember(&open, SIGUSR1));
	return done();
}
