/*
 * Propagation of mounts: MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, and the optional fields of
 * /proc/self/mountinfo. mount(2), mount_namespaces(7), proc_pid_mountinfo(5).
 * Agrees: Linux 7.2.
 */
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

static char base[] = "/tmp/propagation_XXXXXX";

static const char *at(const char *name)
{
	static char paths[4][128];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", base, name);
	return path;
}

/* The optional fields of the mount there, with blanks between them; "none" where nothing is mounted. */
static const char *fields(const char *name)
{
	static char line[1024], out[256];
	FILE *f = fopen("/proc/self/mountinfo", "r");
	const char *path = at(name);

	strcpy(out, "none");
	while (f && fgets(line, sizeof line, f)) {
		char where[256], *dash = strstr(line, " - "), *word;
		int used = 0;

		if (sscanf(line, "%*d %*d %*s %*s %255s %*s%n", where, &used) != 1 || strcmp(where, path))
			continue;
		out[0] = 0;
		*dash = 0;
		for (word = strtok(line + used, " "); word; word = strtok(NULL, " "))
			strcat(strcat(out, out[0] ? " " : ""), word);
	}
	if (f)
		fclose(f);
	return out;
}

static int tmpfs(const char *name)
{
	return mount("none", at(name), "tmpfs", 0, NULL);
}

static int kind(const char *name, unsigned long flags)
{
	return mount("none", at(name), "none", flags, NULL);
}

static int is_mounted(const char *name)
{
	return strcmp(fields(name), "none") != 0;
}

static int bind_to(const char *from, const char *to)
{
	return mount(at(from), at(to), "none", MS_BIND, NULL);
}

/* Runs in a namespace of its own, made while the parent's mounts are as they are. */
static void slave_child(void)
{
	unsigned group, master;

	/* A copy is in its original's group; then it only hears. */
	NEED(unshare(CLONE_NEWNS));
	if (sscanf(fields("a"), "shared:%u", &group) != 1)
		_exit(1);
	if (kind("a", MS_SLAVE) || sscanf(fields("a"), "master:%u", &master) != 1 || master != group)
		_exit(2);
	/* The parent mounts now. */
	if (kill(getppid(), SIGUSR1))
		_exit(3);
	for (int i = 0; i < 500 && !is_mounted("a/in"); i++)
		sleep_ms(10);
	if (!is_mounted("a/in"))
		_exit(4);
	/* What is mounted here is not seen there. */
	if (tmpfs("a/own"))
		_exit(5);
}

static volatile sig_atomic_t told;

static void tell(int number)
{
	(void)number;
	told = 1;
}

static void namespaces(void)
{
	int status;
	pid_t child;

	signal(SIGUSR1, tell);
	child = NEED(fork());
	if (!child) {
		slave_child();
		_exit(0);
	}
	for (int i = 0; i < 500 && !told; i++)
		sleep_ms(10);
	WANT(tmpfs("a/in"), 0);
	NEED(waitpid(child, &status, 0));
	WANT(status, 0);
	CHECK(!is_mounted("a/own"));
	WANT(umount(at("a/in")), 0);
	/* A copy that stays in the group is heard here. */
	child = NEED(fork());
	if (!child)
		_exit(unshare(CLONE_NEWNS) || tmpfs("a/own"));
	NEED(waitpid(child, &status, 0));
	WANT(status, 0);
	CHECK(is_mounted("a/own"));
	WANT(umount(at("a/own")), 0);
	/* unshare(1): private all the way down. */
	child = NEED(fork());
	if (!child)
		_exit(unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || strcmp(fields("a"), "") ||
		      tmpfs("a/own"));
	NEED(waitpid(child, &status, 0));
	WANT(status, 0);
	CHECK(!is_mounted("a/own"));
}

int main(void)
{
	unsigned a, b;

	NEED(unshare(CLONE_NEWNS));
	NEED(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -1 : 0);
	NEED(mkdtemp(base) ? 0 : -1);
	NEED(mkdir(at("a"), 0700));
	NEED(mkdir(at("b"), 0700));
	NEED(mkdir(at("c"), 0700));
	WANT(tmpfs("a"), 0);
	CHECK(!strcmp(fields("a"), ""));
	NEED(mkdir(at("a/in"), 0700));
	NEED(mkdir(at("a/own"), 0700));

	/* MS_REC binds what is mounted below as well. */
	WANT(tmpfs("a/in"), 0);
	WANT(bind_to("a", "b"), 0);
	CHECK(!is_mounted("b/in"));
	WANT(umount(at("b")), 0);
	WANT(mount(at("a"), at("b"), "none", MS_BIND | MS_REC, NULL), 0);
	CHECK(is_mounted("b/in"));
	WANT(umount(at("b/in")), 0);
	WANT(umount(at("b")), 0);
	WANT(umount(at("a/in")), 0);

	/* One kind, on the root of a mount. */
	FAILS(kind("a", MS_SHARED | MS_PRIVATE), EINVAL);
	FAILS(kind("a", MS_SHARED | MS_NOSUID), EINVAL);
	FAILS(kind("a/in", MS_SHARED), EINVAL);

	WANT(kind("a", MS_SHARED), 0);
	WANT(sscanf(fields("a"), "shared:%u", &a), 1);
	/* Again changes nothing. */
	WANT(kind("a", MS_SHARED), 0);
	WANT(sscanf(fields("a"), "shared:%u", &b), 1);
	CHECK(a == b);

	/* A bind is in the group: what is mounted in one is in both, and goes from both. */
	WANT(bind_to("a", "b"), 0);
	WANT(sscanf(fields("b"), "shared:%u", &b), 1);
	CHECK(a == b);
	WANT(tmpfs("a/in"), 0);
	CHECK(is_mounted("b/in"));
	CHECK(!strncmp(fields("b/in"), "shared:", 7));
	CHECK(!strcmp(fields("a/in"), fields("b/in")));
	WANT(umount(at("b/in")), 0);
	CHECK(!is_mounted("a/in"));
	WANT(tmpfs("b/in"), 0);
	CHECK(is_mounted("a/in"));
	WANT(umount(at("b/in")), 0);

	/* A slave hears and is not heard. */
	WANT(kind("b", MS_SLAVE), 0);
	WANT(sscanf(fields("b"), "master:%u", &b), 1);
	CHECK(a == b);
	WANT(tmpfs("a/in"), 0);
	CHECK(is_mounted("b/in"));
	CHECK(!strncmp(fields("b/in"), "master:", 7));
	WANT(umount(at("a/in")), 0);
	CHECK(!is_mounted("b/in"));
	WANT(tmpfs("b/in"), 0);
	CHECK(!is_mounted("a/in"));
	CHECK(!strcmp(fields("b/in"), ""));
	WANT(umount(at("b/in")), 0);
	/* Both: it hears its master and is heard by its own group. */
	WANT(kind("b", MS_SHARED), 0);
	CHECK(strstr(fields("b"), "shared:") == fields("b"));
	CHECK(strstr(fields("b"), " master:"));
	WANT(bind_to("b", "c"), 0);
	CHECK(!strcmp(fields("b"), fields("c")));
	WANT(tmpfs("a/in"), 0);
	CHECK(is_mounted("b/in") && is_mounted("c/in"));
	WANT(umount(at("a/in")), 0);
	CHECK(!is_mounted("b/in") && !is_mounted("c/in"));
	WANT(tmpfs("c/in"), 0);
	CHECK(is_mounted("b/in") && !is_mounted("a/in"));
	WANT(umount(at("c/in")), 0);
	WANT(umount(at("c")), 0);

	/* Private, and a slave of nobody. */
	WANT(kind("b", MS_PRIVATE), 0);
	CHECK(!strcmp(fields("b"), ""));
	WANT(kind("b", MS_SLAVE), 0);
	CHECK(!strcmp(fields("b"), ""));
	/* Unbindable: private, and bound nowhere. */
	WANT(kind("b", MS_UNBINDABLE), 0);
	CHECK(!strcmp(fields("b"), "unbindable"));
	FAILS(bind_to("b", "c"), EINVAL);
	WANT(umount(at("b")), 0);

	namespaces();
	WANT(umount(at("a")), 0);
	rmdir(at("a"));
	rmdir(at("b"));
	rmdir(at("c"));
	rmdir(base);
	return done();
}
