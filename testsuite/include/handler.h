/* A signal handler that counts, and signals that come later. */
#ifndef HANDLER_H
#define HANDLER_H

#include "check.h"

#include <sys/time.h>

static volatile sig_atomic_t handled;
static siginfo_t handled_info __attribute__((unused));

static inline void handler_count(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	handled_info = *info;
	handled++;
}

/* Counts this signal in `handled`; `flags` as SA_RESTART. */
static inline void handle(int number, int flags)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_sigaction = handler_count;
	action.sa_flags = flags | SA_SIGINFO;
	NEED(sigaction(number, &action, NULL));
}

/* A child that sends this process `number` after `ms`, then leaves. */
static inline pid_t signal_later(int number, int ms)
{
	pid_t parent = getpid(), child;

	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		sleep_ms(ms);
		kill(parent, number);
		_exit(0);
	}
	return child;
}

#endif
