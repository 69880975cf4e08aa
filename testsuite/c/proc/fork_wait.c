/*
 * fork(2) and waitpid(2): the child is another process, its exit code and the signal
 * that ended it reach the parent; a second wait has nobody left.
 * Agrees: Linux 6.18.
 */
#include "check.h"

static void leave_with_7(void) { _exit(7); }

static void die(void)
{
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
}

static pid_t parent;

static void has_parent(void) { _exit(getppid() == parent && getpid() != parent ? 0 : 1); }

int main(void)
{
	int status;

	parent = getpid();
	status = in_child(leave_with_7);
	CHECK(WIFEXITED(status));
	WANT(WEXITSTATUS(status), 7);
	status = in_child(die);
	CHECK(WIFSIGNALED(status));
	WANT(WTERMSIG(status), SIGTERM);
	WANT(in_child(has_parent), 0);
	FAILS(waitpid(-1, &status, 0), ECHILD);
	return done();
}
