/*
 * mkdir(2), rmdir(2), rename(2), link(2), symlink(2), readdir(3), getcwd(2): what names
 * there are after each, and the errors.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

static int entries(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void touch(const char *name) { close(NEED(open(name, O_WRONLY | O_CREAT, 0644))); }

int main(void)
{
	char top[64], text[PATH_MAX];
	struct stat a, b;
	ssize_t n;

	snprintf(top, sizeof top, "/tmp/directories.%d", getpid());
	NEED(mkdir(top, 0755));
	NEED(chdir(top));
	CHECK(getcwd(text, sizeof text) && strcmp(text, top) == 0);
	WANT(entries("."), 2);
	WANT(mkdir("d", 0700), 0);
	FAILS(mkdir("d", 0700), EEXIST);
	FAILS(mkdir("x/y", 0700), ENOENT);
	touch("d/one");
	touch("d/two");
	WANT(entries("d"), 4);
	FAILS(rmdir("d"), ENOTEMPTY);
	FAILS(unlink("d"), EISDIR);
	FAILS(rmdir("d/one"), ENOTDIR);
	WANT(rename("d/one", "moved"), 0);
	FAILS(stat("d/one", &a), ENOENT);
	WANT(link("moved", "second"), 0);
	NEED(stat("moved", &a));
	NEED(stat("second", &b));
	WANT(a.st_nlink, 2);
	WANT(a.st_ino, b.st_ino);
	WANT(rename("moved", "d/two"), 0);
	WANT(entries("d"), 3);
	FAILS(rename("d", "d/inside"), EINVAL);
	FAILS(rename("second", "d"), EISDIR);
	FAILS(link("second", "d"), EEXIST);
	WANT(symlink("d/two", "soft"), 0);
	n = readlink("soft", text, sizeof text);
	WANT(n, 5);
	NEED(lstat("soft", &b));
	CHECK(S_ISLNK(b.st_mode));
	NEED(stat("soft", &b));
	WANT(b.st_ino, a.st_ino);
	WANT(symlink("loop2", "loop1"), 0);
	WANT(symlink("loop1", "loop2"), 0);
	FAILS(stat("loop1", &b), ELOOP);
	FAILS(readlink("second", text, sizeof text), EINVAL);
	WANT(access("second", R_OK | W_OK), 0);
	WANT(chmod("second", 0400), 0);
	NEED(stat("d/two", &b));
	WANT(b.st_mode & 07777, 0400);
	memset(text, 'n', 256);
	text[256] = 0;
	FAILS(mkdir(text, 0700), ENAMETOOLONG);
	FAILS(chdir("second"), ENOTDIR);
	unlink("loop1");
	unlink("loop2");
	unlink("soft");
	unlink("second");
	unlink("d/two");
	WANT(rmdir("d"), 0);
	NEED(chdir("/"));
	WANT(rmdir(top), 0);
	return done();
}
