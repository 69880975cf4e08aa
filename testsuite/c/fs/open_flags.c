/*
 * open(2): creation, exclusiveness, truncation, appending, what O_DIRECTORY,
 * O_NOFOLLOW, O_PATH and a slash at the end demand, and the errors of paths.
 * Agrees: Linux 6.18.
 */
#include "scratch.h"
#include <fcntl.h>

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : st.st_size;
}

int main(void)
{
	char text[8], name[300];
	int fd, dir;
	struct stat st;

	scratch();
	FAILS(open("a", O_RDONLY), ENOENT);
	WANT(fd = open("a", O_CREAT | O_EXCL | O_RDWR, 0666), 3);
	WANT(fstat(fd, &st), 0);
	WANT(st.st_mode, S_IFREG | 0644);
	WANT(write(fd, "hello", 5), 5);
	FAILS(open("a", O_CREAT | O_EXCL | O_RDWR, 0666), EEXIST);
	WANT(pread(fd, text, 8, 1), 4);
	WANT(memcmp(text, "ello", 4), 0);
	WANT(pread(fd, text, 8, 5), 0);
	close(fd);

	fd = NEED(open("a", O_WRONLY | O_APPEND));
	WANT(lseek(fd, 0, SEEK_SET), 0);
	WANT(write(fd, "!", 1), 1);
	WANT(lseek(fd, 0, SEEK_CUR), 6);
	FAILS(read(fd, text, 1), EBADF);
	close(fd);
	close(NEED(open("a", O_WRONLY | O_TRUNC)));
	WANT(size_of("a"), 0);

	/* Directories. */
	NEED(mkdir("d", 0755));
	FAILS(open("d", O_WRONLY), EISDIR);
	FAILS(open("d", O_RDONLY | O_CREAT, 0644), EISDIR);
	FAILS(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
	FAILS(open("a/", O_RDONLY), ENOTDIR);
	FAILS(open("a/b", O_RDONLY), ENOTDIR);
	FAILS(open("new/", O_CREAT | O_RDWR, 0644), EISDIR);
	dir = NEED(open("d", O_RDONLY | O_DIRECTORY));
	FAILS(read(dir, text, 1), EISDIR);
	WANT(openat(dir, "x", O_CREAT | O_RDWR, 0600), 4);
	WANT(size_of("d/x"), 0);
	FAILS(openat(4, "y", O_CREAT | O_RDWR, 0600), ENOTDIR);
	close(4);

	/* Links. */
	NEED(symlink("a", "to-a"));
	NEED(symlink("loop", "loop"));
	NEED(symlink("d/made", "dangling"));
	FAILS(open("to-a", O_RDONLY | O_NOFOLLOW), ELOOP);
	FAILS(open("loop", O_RDONLY), ELOOP);
	FAILS(open("dangling", O_RDONLY), ENOENT);
	FAILS(open("dangling", O_CREAT | O_EXCL | O_RDWR, 0644), EEXIST);
	close(NEED(open("dangling", O_CREAT | O_RDWR, 0644)));
	WANT(size_of("d/made"), 0);

	/* O_PATH. */
	WANT(fd = open("to-a", O_PATH | O_NOFOLLOW), 4);
	WANT(fstat(fd, &st), 0);
	CHECK(S_ISLNK(st.st_mode));
	FAILS(read(fd, text, 1), EBADF);
	FAILS(ftruncate(fd, 0), EBADF);
	WANT(readlinkat(fd, "", text, 8), 1);
	close(fd);

	/* Names and paths. */
	memset(name, 'n', sizeof name);
	name[255] = 0;
	WANT(fd = open(name, O_CREAT | O_RDWR, 0644), 4);
	close(fd);
	name[255] = 'n';
	name[256] = 0;
	FAILS(open(name, O_CREAT | O_RDWR, 0644), ENAMETOOLONG);
	FAILS(open("", O_RDONLY), ENOENT);
	FAILS(openat(99, "a", O_RDONLY), EBADF);
	FAILS(open((const char *)8, O_RDONLY), EFAULT);

	/* O_TMPFILE and a name for it later. */
	WANT(fd = open(".", O_TMPFILE | O_RDWR, 0600), 4);
	WANT(write(fd, "kept", 4), 4);
	WANT(fstat(fd, &st), 0);
	WANT(st.st_nlink, 0);
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	WANT(linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW), 0);
	WANT(size_of("named"), 4);
	FAILS(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
	return done();
}
