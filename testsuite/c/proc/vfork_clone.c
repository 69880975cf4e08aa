/*
 * vfork(2) shares memory and holds the parent until the child leaves; clone(2) with
 * CLONE_VM on a stack of its own; CLONE_FILES shares descriptors; posix_spawn(3).
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>

static volatile int shared;
static int file;

static int body(void *argument)
{
	shared = (int)(long)argument;
	file = open("/dev/null", O_RDONLY);
	return 5;
}

int main(void)
{
	char *stack = NEED(mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char *arguments[] = { "sh", "-c", "exit 4", NULL };
	int status = 0;
	pid_t child;

	/* vfork() itself may be fork() in a C library: musl has none for loongarch64. */
	child = vfork();
	if (child == 0)
		_exit(6);
	CHECK(child > 0);
	WANT(waitpid(child, &status, 0), child);
	WANT(WEXITSTATUS(status), 6);
	/* The kernel's: shared memory, and the parent goes on when the child has ended. */
	child = NEED(clone(body, stack + 65536, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)7L));
	WANT(shared, 7);
	WANT(waitpid(child, &status, 0), child);
	WANT(WEXITSTATUS(status), 5);
	child = NEED(clone(body, stack + 65536, CLONE_VM | CLONE_FILES | SIGCHLD, (void *)9L));
	WANT(waitpid(child, &status, 0), child);
	WANT(WEXITSTATUS(status), 5);
	WANT(shared, 9);
	CHECK(fcntl(file, F_GETFD) != -1);
	WANT(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, NULL), 0);
	WANT(waitpid(child, &status, 0), child);
	WANT(WEXITSTATUS(status), 4);
	WANT(posix_spawn(&child, "/nonexistent", NULL, NULL, arguments, NULL), ENOENT);
	FAILS(clone(body, stack + 65536, CLONE_THREAD, NULL), EINVAL);
	return done();
}
