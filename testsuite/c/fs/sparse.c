/*
 * Files with holes: what is never written reads as zero, truncation forgets, holes
 * are found and made.
 * Agrees: Linux 6.18 (ext4, tmpfs, overlay).
 */
#include "scratch.h"
#include <fcntl.h>

static char buffer[65536];

static int zero(int fd, off_t from, size_t len)
{
	memset(buffer, 1, sizeof buffer);
	if (pread(fd, buffer, len, from) != (ssize_t)len)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (buffer[i])
			return 0;
	return 1;
}

int main(void)
{
	struct stat st;
	int fd;

	scratch();
	fd = NEED(open("f", O_CREAT | O_RDWR, 0644));
	WANT(pwrite(fd, "end", 3, 200000), 3);
	WANT(lseek(fd, 0, SEEK_END), 200003);
	CHECK(zero(fd, 0, 65536));
	CHECK(zero(fd, 199000, 1000));
	WANT(lseek(fd, 0, SEEK_HOLE), 0);
	CHECK(lseek(fd, 0, SEEK_DATA) > 65536);
	FAILS(lseek(fd, 200003, SEEK_DATA), ENXIO);
	WANT(lseek(fd, 200001, SEEK_DATA), 200001);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);

	/* Growing after shrinking shows zeroes, not what was there. */
	memset(buffer, 'x', sizeof buffer);
	WANT(pwrite(fd, buffer, 10000, 0), 10000);
	WANT(ftruncate(fd, 5000), 0);
	WANT(ftruncate(fd, 20000), 0);
	WANT(fstat(fd, &st), 0);
	WANT(st.st_size, 20000);
	CHECK(zero(fd, 5000, 15000));
	WANT(pread(fd, buffer, 2, 4999), 2);
	WANT(buffer[0], 'x');
	WANT(buffer[1], 0);
	FAILS(ftruncate(fd, -1), EINVAL);
	WANT(truncate("f", 3), 0);
	WANT(lseek(fd, 0, SEEK_END), 3);
	FAILS(truncate(".", 3), EISDIR);
	FAILS(truncate("none", 3), ENOENT);

	/* fallocate. */
	WANT(fallocate(fd, 0, 0, 16384), 0);
	WANT(lseek(fd, 0, SEEK_END), 16384);
	memset(buffer, 'x', sizeof buffer);
	WANT(pwrite(fd, buffer, 16384, 0), 16384);
	WANT(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 6000), 0);
	CHECK(zero(fd, 4096, 6000));
	WANT(pread(fd, buffer, 1, 4095), 1);
	WANT(buffer[0], 'x');
	WANT(pread(fd, buffer, 1, 10096), 1);
	WANT(buffer[0], 'x');
	FAILS(fallocate(fd, 0, 0, 0), EINVAL);
	close(fd);

	/* Access modes. */
	fd = NEED(open("f", O_RDONLY));
	FAILS(ftruncate(fd, 0), EINVAL);
	FAILS(fallocate(fd, 0, 0, 1), EBADF);
	FAILS(write(fd, "x", 1), EBADF);
	return done();
}
