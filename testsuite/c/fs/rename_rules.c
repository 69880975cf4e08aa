/*
 * rename(2), renameat2(2), link(2), unlink(2), mkdir(2), rmdir(2), symlink(2): what
 * may replace what, and which error says why not.
 * Agrees: Linux 6.18.
 */
#include "scratch.h"
#include <fcntl.h>
#include <sys/syscall.h>

/* musl has no renameat2(3), and its headers lack the flags. */
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#endif

static int rename2(const char *from, const char *to, int flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void make(const char *name, const char *text)
{
	int fd = NEED(open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644));

	NEED(write(fd, text, strlen(text)));
	close(fd);
}

static int starts_with(const char *name, char first)
{
	char c = 0;
	int fd = open(name, O_RDONLY);

	if (fd < 0)
		return 0;
	if (read(fd, &c, 1) != 1)
		c = 0;
	close(fd);
	return c == first;
}

static nlink_t links(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? 0 : st.st_nlink;
}

int main(void)
{
	char text[32];
	struct stat a, b;
	int fd;

	scratch();
	make("a", "a");
	make("b", "b");
	WANT(rename("a", "b"), 0);
	CHECK(starts_with("b", 'a'));
	FAILS(rename("a", "c"), ENOENT);
	FAILS(access("a", F_OK), ENOENT);

	/* Directories. */
	NEED(mkdir("d", 0755));
	NEED(mkdir("d/e", 0755));
	WANT(links("d"), 3);
	FAILS(mkdir("d", 0755), EEXIST);
	FAILS(mkdir("b/x", 0755), ENOTDIR);
	FAILS(mkdir("no/x", 0755), ENOENT);
	WANT(mkdir("slash/", 0755), 0);
	FAILS(rename("d", "d/e/f"), EINVAL);
	FAILS(rename("b", "d"), EISDIR);
	FAILS(rename("d", "b"), ENOTDIR);
	FAILS(rename("slash", "d"), ENOTEMPTY);
	FAILS(rename("d/e", "d"), ENOTEMPTY);
	WANT(rename("d/e", "slash"), 0);
	WANT(links("d"), 2);
	WANT(rename("slash", "d/moved"), 0);
	FAILS(rmdir("d"), ENOTEMPTY);
	FAILS(rmdir("b"), ENOTDIR);
	FAILS(unlink("d"), EISDIR);
	FAILS(rmdir("d/moved/."), EINVAL);
	FAILS(rmdir("d/moved/.."), ENOTEMPTY);
	WANT(rmdir("d/moved/"), 0);

	/* Hard links. */
	WANT(link("b", "b2"), 0);
	WANT(links("b"), 2);
	FAILS(link("b", "b2"), EEXIST);
	FAILS(link("d", "d2"), EPERM);
	WANT(rename("b", "b2"), 0);
	WANT(links("b"), 2);
	NEED(stat("b", &a));
	NEED(stat("b2", &b));
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	WANT(unlink("b"), 0);
	WANT(links("b2"), 1);

	/* A file lives on while it is open. */
	fd = NEED(open("b2", O_RDONLY));
	WANT(unlink("b2"), 0);
	WANT(read(fd, text, 4), 1);
	NEED(fstat(fd, &a));
	WANT(a.st_nlink, 0);
	FAILS(unlink("b2"), ENOENT);

	/* Symbolic links. */
	WANT(symlink("nowhere", "s"), 0);
	FAILS(symlink("x", "s"), EEXIST);
	FAILS(symlink("", "t"), ENOENT);
	WANT(readlink("s", text, 3), 3);
	WANT(memcmp(text, "now", 3), 0);
	FAILS(readlink("d", text, 3), EINVAL);
	WANT(rename("s", "s2"), 0);
	WANT(unlink("s2"), 0);

	/* renameat2. */
	make("x", "x");
	make("y", "y");
	FAILS(rename2("x", "y", RENAME_NOREPLACE), EEXIST);
	WANT(rename2("x", "y", RENAME_EXCHANGE), 0);
	CHECK(starts_with("x", 'y') && starts_with("y", 'x'));
	WANT(rename2("x", "d", RENAME_EXCHANGE), 0);
	WANT(rmdir("x"), 0);
	FAILS(rename2("y", "none", RENAME_EXCHANGE), ENOENT);
	FAILS(rename("y/", "z"), ENOTDIR);
	FAILS(rename(".", "z"), EBUSY);
	return done();
}
