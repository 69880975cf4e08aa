/*
 * /proc/sys/user/max_*_namespaces: more namespaces than that are not made (ENOSPC), those that are gone make room.
 * namespaces(7).
 * Agrees: Linux 7.2.
 */
#include "link.h"

#include <sys/syscall.h>

/* unshare(2) in a process of its own: 0 or the error number. */
static int unshares(int flags, int uid)
{
	int status, pid = NEED(fork());

	if (!pid) {
		if (uid)
			NEED(setuid(uid));
		_exit(unshare(flags) ? errno : 0);
	}
	NEED(waitpid(pid, &status, 0));
	return WEXITSTATUS(status);
}

/* clone(2) of a process that ends at once: 0 or the error number. */
static int clones(int flags)
{
	int pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	if (pid < 0)
		return errno;
	NEED(waitpid(pid, NULL, 0));
	return 0;
}

static void try(const char *path, int flag)
{
	char full[128], old[32], text[32];
	int fd, length, most, good = 0;

	snprintf(full, sizeof full, "/proc/sys/%s", path);
	fd = NEED(open(full, O_RDWR));
	length = NEED(read(fd, old, sizeof old - 1));
	old[length] = 0;
	CHECK(atoi(old) > 0);
	FAILS(pwrite(fd, "-1", 2, 0), EINVAL);
	FAILS(pwrite(fd, "x", 1, 0), EINVAL);
	close(fd);
	WANT(unshares(flag, 0), 0);
	WANT(sysctl_set(path, "0"), 0);
	WANT(unshares(flag, 0), ENOSPC);
	WANT(clones(flag), ENOSPC);
	if (flag != CLONE_NEWUSER)
		WANT(unshares(flag, 1000), EPERM);
	/* As many as there are, and one more: again and again, when the last one is gone. */
	for (most = 1; most < 1000 && !good; most++) {
		snprintf(text, sizeof text, "%d", most);
		NEED(sysctl_set(path, text));
		good = unshares(flag, 0) == 0;
	}
	for (int round = 0; round < 3; round++) {
		int error;

		for (int i = 0; i < 500 && (error = clones(flag)) == ENOSPC; i++)
			usleep(10000);
		WANT(error, 0);
	}
	WANT(sysctl_set(path, old), 0);
	WANT(clones(flag), 0);
}

/* What /proc/self/ns/user leads to. */
static void users(char *name)
{
	int length = NEED(readlink("/proc/self/ns/user", name, 63));

	name[length] = 0;
}

int main(void)
{
	char own[64], other[64];
	int status, pid;

	users(own);
	WANT(strncmp(own, "user:[", 6), 0);
	pid = NEED(fork());
	if (!pid) {
		NEED(unshare(CLONE_NEWUSER));
		users(other);
		_exit(strcmp(own, other) != 0);
	}
	NEED(waitpid(pid, &status, 0));
	WANT(WEXITSTATUS(status), 1);
	users(other);
	WANT(strcmp(own, other), 0);
	try("user/max_net_namespaces", CLONE_NEWNET);
	try("user/max_mnt_namespaces", CLONE_NEWNS);
	try("user/max_user_namespaces", CLONE_NEWUSER);
	return done();
}
