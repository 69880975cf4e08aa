/*
 * sigaction(2), sigprocmask(2), sigsuspend(2): a blocked signal waits and is delivered
 * once, si_pid and si_code tell the sender, SA_RESTART restarts read and its absence is
 * EINTR, SA_RESETHAND, sigaltstack(2).
 * Agrees: Linux 6.18.
 */
#include "check.h"

static volatile sig_atomic_t count;
static siginfo_t seen;
static volatile size_t stack_seen;

static void on_signal(int number, siginfo_t *info, void *context)
{
	char here;

	(void)context;
	(void)number;
	count++;
	seen = *info;
	stack_seen = (size_t)&here;
}

static pid_t parent;

static void sends(void)
{
	sleep_ms(100);
	kill(parent, SIGUSR1);
	sleep_ms(100);
}

static int ends[2];

static pid_t in_background(void (*body)(void))
{
	pid_t child;

	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		body();
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		_exit(0);
	}
	return child;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	sigset_t usr1, old, pending;
	stack_t stack = { .ss_size = 65536 };
	pid_t child;
	char byte;

	parent = getpid();
	NEED(pipe(ends));
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	NEED(sigaction(SIGUSR1, &action, NULL));
	NEED(sigprocmask(SIG_BLOCK, &usr1, &old));
	NEED(kill(parent, SIGUSR1));
	NEED(kill(parent, SIGUSR1));
	WANT(count, 0);
	NEED(sigpending(&pending));
	WANT(sigismember(&pending, SIGUSR1), 1);
	FAILS(sigsuspend(&old), EINTR);
	WANT(count, 1);
	WANT(seen.si_pid, parent);
	WANT(seen.si_code, SI_USER);
	NEED(sigprocmask(SIG_SETMASK, &old, NULL));
	WANT(count, 1);

	child = in_background(sends);
	FAILS(read(ends[0], &byte, 1), EINTR);
	WANT(count, 2);
	WANT(seen.si_pid, child);
	WANT(read(ends[0], &byte, 1), 1);
	CHECK(left_well(child));
	action.sa_flags |= SA_RESTART;
	NEED(sigaction(SIGUSR1, &action, NULL));
	child = in_background(sends);
	WANT(read(ends[0], &byte, 1), 1);
	WANT(count, 3);
	CHECK(left_well(child));

	stack.ss_sp = malloc(stack.ss_size);
	NEED(sigaltstack(&stack, NULL));
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
	NEED(sigaction(SIGUSR1, &action, NULL));
	raise(SIGUSR1);
	WANT(count, 4);
	CHECK(stack_seen - (size_t)stack.ss_sp < stack.ss_size);
	NEED(sigaction(SIGUSR1, NULL, &action));
	CHECK(action.sa_handler == SIG_DFL);
	FAILS(sigaction(SIGKILL, &action, NULL), EINVAL);
	FAILS(kill(parent, 99), EINVAL);
	WANT(kill(parent, 0), 0);
	return done();
}
