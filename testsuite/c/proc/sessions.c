/*
 * Process groups and sessions (setsid(2), setpgid(2), kill(2) with a negative number):
 * a signal reaches a whole group and nobody else.
 * Agrees: Linux 6.18.
 */
#include "check.h"

static int ends[2];

static void leads(void)
{
	if (setsid() != getpid() || getsid(0) != getpid() || getpgrp() != getpid())
		_exit(1);
	if (setsid() != -1 || errno != EPERM || setpgid(0, 0) != -1)
		_exit(2);
	for (int i = 0; i < 3; i++)
		if (fork() == 0) {
			if (write(ends[1], "x", 1) == 1)
				for (;;)
					pause();
		}
	for (;;)
		pause();
}

int main(void)
{
	pid_t leader;
	int status;
	char byte;

	NEED(pipe(ends));
	fflush(stdout);
	leader = NEED(fork());
	if (leader == 0)
		leads();
	close(ends[1]);
	for (int i = 0; i < 3; i++)
		NEED(read(ends[0], &byte, 1));
	WANT(getpgid(leader), leader);
	WANT(getsid(leader), leader);
	CHECK(getsid(0) != leader);
	FAILS(setpgid(leader, 0), EPERM);
	WANT(kill(-leader, SIGKILL), 0);
	WANT(waitpid(leader, &status, 0), leader);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* Every holder of the pipe's other end is gone. */
	WANT(read(ends[0], &byte, 1), 0);
	FAILS(getpgid(99999999), ESRCH);
	return done();
}
