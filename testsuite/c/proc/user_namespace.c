/*
 * User namespaces whose ids have the same numbers inside and outside: ids are the overflow id
 * until they are mapped, and cannot be taken; uid_map, setgroups and gid_map are written once,
 * in their order. user_namespaces(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "check.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define OVERFLOW 65534

static int pipes[2];

/* Writes a file in one call; 0 or the error. */
static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), error = 0;

	if (fd == -1)
		return errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		error = errno ? errno : EIO;
	close(fd);
	return error;
}

static int holds(const char *path, const char *text)
{
	char got[256];
	int fd = open(path, O_RDONLY);
	ssize_t length = read(fd, got, sizeof got - 1);
	unsigned a[3], b[3];

	close(fd);
	if (length < 0)
		return 0;
	got[length] = 0;
	if (sscanf(text, "%u %u %u", a, a + 1, a + 2) == 3)
		return sscanf(got, "%u %u %u", b, b + 1, b + 2) == 3 && memcmp(a, b, sizeof a) == 0;
	return strcmp(got, text) == 0;
}

static unsigned long long effective(void)
{
	struct { unsigned version; int pid; } head = { 0x20080522, 0 };
	struct { unsigned effective, permitted, inheritable; } data[2];

	memset(data, 0, sizeof data);
	syscall(SYS_capget, &head, data);
	return data[0].effective | (unsigned long long)data[1].effective << 32;
}

/* In a child: each step that fails leaves with its number. */
#define STEP(condition) do { step++; if (!(condition)) _exit(step); } while (0)

static void maps_itself(void)
{
	int step = 0;

	STEP(unshare(CLONE_NEWUSER) == 0);
	STEP(effective() != 0);
	STEP(getuid() == OVERFLOW && getgid() == OVERFLOW);
	/* No id has a name yet, and none can be taken. */
	STEP(setuid(0) == -1 && errno == EINVAL);
	STEP(setgroups(0, NULL) == -1 && errno == EPERM);
	STEP(put("/proc/self/uid_map", "nonsense\n") == EINVAL);
	STEP(put("/proc/self/uid_map", "0 0 0\n") == EINVAL);
	STEP(put("/proc/self/uid_map", "0 0 1\n") == 0);
	STEP(getuid() == 0 && getgid() == OVERFLOW);
	STEP(put("/proc/self/uid_map", "0 0 1\n") == EPERM);
	STEP(holds("/proc/self/uid_map", "0 0 1"));
	STEP(holds("/proc/self/setgroups", "allow\n"));
	STEP(put("/proc/self/setgroups", "deny") == 0);
	STEP(holds("/proc/self/setgroups", "deny\n"));
	STEP(put("/proc/self/gid_map", "0 0 1\n") == 0);
	STEP(getgid() == 0);
	STEP(put("/proc/self/setgroups", "allow") == EPERM);
	STEP(setgroups(0, NULL) == -1 && errno == EPERM);
	STEP(setuid(1) == -1 && errno == EINVAL);
	/* A network namespace of its own. */
	STEP(unshare(CLONE_NEWNET) == 0);
	STEP(socket(AF_INET, SOCK_RAW, 253) >= 0);
}

/* The parent, with privileges outside, maps ten ids. */
static void mapped_by_parent(void)
{
	int step = 0;
	char byte;

	STEP(unshare(CLONE_NEWUSER) == 0);
	STEP(write(pipes[1], "x", 1) == 1);
	STEP(read(pipes[0], &byte, 1) == 1);
	STEP(getuid() == 0);
	STEP(holds("/proc/self/uid_map", "0 0 10"));
	STEP(setresuid(7, 7, 7) == 0 && getuid() == 7);
	STEP(setresuid(20, 20, 20) == -1);
}

static int left_at(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

int main(void)
{
	char path[64], byte;
	int down[2], up[2], status;
	pid_t child;

	if (getuid() != 0)
		return skip("root only");
	fflush(stdout);
	child = NEED(fork());
	if (child == 0)
		_exit(unshare(CLONE_NEWUSER) == 0 ? 0 : errno);
	NEED(waitpid(child, &status, 0));
	if (left_at(status) == EINVAL || left_at(status) == ENOSPC || left_at(status) == EPERM)
		return skip("no user namespaces");
	WANT(left_at(status), 0);
	WANT(left_at(in_child(maps_itself)), 0);

	NEED(pipe(down));
	NEED(pipe(up));
	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		pipes[0] = down[0];
		pipes[1] = up[1];
		mapped_by_parent();
		_exit(0);
	}
	NEED(read(up[0], &byte, 1));
	snprintf(path, sizeof path, "/proc/%d/uid_map", child);
	WANT(put(path, "0 0 10\n"), 0);
	WANT(put(path, "0 0 10\n"), EPERM);
	NEED(write(down[1], "x", 1));
	NEED(waitpid(child, &status, 0));
	WANT(left_at(status), 0);

	FAILS(unshare(CLONE_NEWUSER | 1), EINVAL);
	return done();
}
