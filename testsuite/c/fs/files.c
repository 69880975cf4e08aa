/*
 * open(2), read(2), write(2), lseek(2), ftruncate(2), pread(2): contents, offsets,
 * holes, append, exclusive creation, and the errors of wrong names and modes.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>

int main(void)
{
	char dir[64], text[32];
	struct stat meta;
	int fd, other;

	snprintf(dir, sizeof dir, "/tmp/files.%d", getpid());
	NEED(mkdir(dir, 0700));
	NEED(chdir(dir));
	fd = NEED(open("a", O_RDWR | O_CREAT | O_EXCL, 0640));
	FAILS(open("a", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
	WANT(write(fd, "hello world", 11), 11);
	WANT(lseek(fd, 0, SEEK_CUR), 11);
	WANT(lseek(fd, -5, SEEK_END), 6);
	WANT(read(fd, text, sizeof text), 5);
	CHECK(memcmp(text, "world", 5) == 0);
	WANT(read(fd, text, sizeof text), 0);
	WANT(pread(fd, text, 5, 0), 5);
	WANT(lseek(fd, 10000, SEEK_SET), 10000);
	WANT(write(fd, "!", 1), 1);
	NEED(fstat(fd, &meta));
	WANT(meta.st_size, 10001);
	WANT(meta.st_mode & 07777, 0640);
	WANT(meta.st_nlink, 1);
	WANT(pread(fd, text, 1, 5000), 1);
	WANT(text[0], 0);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	FAILS(lseek(fd, 0, 99), EINVAL);
	WANT(ftruncate(fd, 5), 0);
	WANT(ftruncate(fd, 100), 0);
	WANT(pread(fd, text, 8, 3), 8);
	CHECK(memcmp(text, "lo\0\0\0\0\0\0", 8) == 0);
	other = NEED(open("a", O_WRONLY | O_APPEND));
	NEED(lseek(other, 0, SEEK_SET));
	WANT(write(other, "end", 3), 3);
	WANT(lseek(other, 0, SEEK_CUR), 103);
	FAILS(read(other, text, 1), EBADF);
	close(other);
	other = dup(fd);
	NEED(lseek(fd, 7, SEEK_SET));
	WANT(lseek(other, 0, SEEK_CUR), 7);
	close(other);
	other = NEED(open("a", O_RDONLY));
	FAILS(write(other, "x", 1), EBADF);
	FAILS(ftruncate(other, 0), EINVAL);
	FAILS(open("none", O_RDONLY), ENOENT);
	FAILS(open("a/b", O_RDONLY), ENOTDIR);
	FAILS(open(".", O_RDWR), EISDIR);
	FAILS(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
	FAILS(open("", O_RDONLY), ENOENT);
	FAILS(open(nowhere, O_RDONLY), EFAULT);
	FAILS(write(fd, nowhere, 4), EFAULT);
	/* Unlinked, the file lives as long as it is open. */
	WANT(unlink("a"), 0);
	FAILS(stat("a", &meta), ENOENT);
	WANT(pread(fd, text, 2, 0), 2);
	NEED(fstat(fd, &meta));
	WANT(meta.st_nlink, 0);
	NEED(chdir("/"));
	WANT(rmdir(dir), 0);
	return done();
}
