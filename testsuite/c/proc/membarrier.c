/*
 * membarrier(2): what has to be registered before it may be used, and what is refused.
 * Agrees: Linux 6.18, 7.2.
 */
#include "check.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>

#ifndef MEMBARRIER_CMD_GET_REGISTRATIONS
#define MEMBARRIER_CMD_GET_REGISTRATIONS (1 << 9)
#endif

static int barrier(int command, unsigned flags)
{
	return syscall(SYS_membarrier, command, flags, 0);
}

static void inherited(void)
{
	_exit(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0) == 0 ? 0 : errno);
}

static void execs(void)
{
	char *arguments[] = { "membarrier", "again", NULL };

	execv("/proc/self/exe", arguments);
	_exit(99);
}

int main(int count, char **arguments)
{
	int known = barrier(MEMBARRIER_CMD_QUERY, 0);

	(void)arguments;
	if (known == -1 && errno == ENOSYS)
		return skip("no membarrier");
	if (count > 1)
		return barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0) == -1 ? errno : 0;
	CHECK((known & 0x1f) == 0x1f);
	CHECK(known & MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ);
	CHECK(known & MEMBARRIER_CMD_GET_REGISTRATIONS);
	WANT(barrier(MEMBARRIER_CMD_GLOBAL, 0), 0);
	WANT(barrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0), 0);
	FAILS(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0), EPERM);
	FAILS(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0), EPERM);
	WANT(barrier(MEMBARRIER_CMD_GET_REGISTRATIONS, 0), 0);
	WANT(barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0), 0);
	WANT(barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0), 0);
	WANT(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0), 0);
	FAILS(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0), EPERM);
	WANT(barrier(MEMBARRIER_CMD_GET_REGISTRATIONS, 0), MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	WANT(barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, 0), 0);
	WANT(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0), 0);
	WANT(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 1), 0);
	WANT(barrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0), 0);
	WANT(barrier(MEMBARRIER_CMD_GET_REGISTRATIONS, 0), MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |
	     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
	if (known & MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE) {
		FAILS(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0), EPERM);
		WANT(barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0), 0);
		WANT(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0), 0);
	} else {
		FAILS(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0), EINVAL);
		FAILS(barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0), EINVAL);
	}
	FAILS(barrier(MEMBARRIER_CMD_GLOBAL, 1), EINVAL);
	FAILS(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 2), EINVAL);
	FAILS(barrier(3, 0), EINVAL);
	FAILS(barrier(1 << 20, 0), EINVAL);
	FAILS(barrier(-1, 0), EINVAL);
	WANT(in_child(inherited), 0);
	WANT(in_child(execs), EPERM << 8);
	return done();
}
