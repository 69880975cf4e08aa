/*
 * wait4(2) and waitid(2): WNOHANG, WUNTRACED and WCONTINUED, WNOWAIT leaves the child to
 * be waited for, process groups, orphans go to somebody else.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <sys/resource.h>

static pid_t child_that(void (*body)(void))
{
	pid_t child;

	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		body();
		_exit(3);
	}
	return child;
}

static void pauses(void)
{
	signal(SIGTERM, SIG_DFL);
	for (;;)
		pause();
}

static void leaves(void) { sleep_ms(100); }

int main(void)
{
	siginfo_t info = { 0 };
	struct rusage usage;
	int status = 0;
	pid_t child = child_that(pauses), other;

	WANT(waitpid(child, &status, WNOHANG), 0);
	NEED(kill(child, SIGSTOP));
	WANT(waitpid(child, &status, WUNTRACED), child);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	NEED(kill(child, SIGCONT));
	WANT(waitpid(child, &status, WCONTINUED), child);
	CHECK(WIFCONTINUED(status));
	NEED(kill(child, SIGTERM));
	WANT(waitid(P_PID, child, &info, WEXITED | WNOWAIT), 0);
	WANT(info.si_pid, child);
	WANT(info.si_code, CLD_KILLED);
	WANT(info.si_status, SIGTERM);
	WANT(wait4(child, &status, 0, &usage), child);
	WANT(WTERMSIG(status), SIGTERM);
	FAILS(waitid(P_PID, child, &info, WEXITED), ECHILD);
	FAILS(waitid(P_ALL, 0, &info, 0), EINVAL);
	child = child_that(leaves);
	NEED(setpgid(child, child));
	other = child_that(leaves);
	WANT(waitpid(other, &status, 0), other);
	WANT(WEXITSTATUS(status), 3);
	WANT(waitpid(-child, &status, 0), child);
	FAILS(waitpid(-1, NULL, WNOHANG), ECHILD);
	return done();
}
