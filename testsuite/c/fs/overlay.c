/*
 * Files that were there at boot: they can be read, changed, moved and removed, a
 * hard link to one is the same file, and a program that runs cannot be written.
 * Agrees: Linux 6.18.
 */
#include "scratch.h"
#include <fcntl.h>

static char old[1 << 16], new[1 << 16];

int main(void)
{
	static const char file[] = "/etc/services", moved[] = "/etc/services.moved";
	struct stat st, other;
	ssize_t len;
	int fd;

	scratch();
	if (getuid() || access(file, F_OK))
		return skip("not root, or no /etc/services");
	fd = NEED(open(file, O_RDONLY));
	len = NEED(read(fd, old, sizeof old));
	CHECK(len > 100);
	NEED(fstat(fd, &st));
	WANT(rename(file, moved), 0);
	NEED(stat(moved, &other));
	CHECK(st.st_ino == other.st_ino && st.st_dev == other.st_dev);
	FAILS(access(file, F_OK), ENOENT);
	WANT(link(moved, file), 0);
	NEED(fstat(fd, &st));
	CHECK(st.st_nlink >= 2);
	WANT(unlink(moved), 0);
	close(fd);

	fd = NEED(open(file, O_RDWR));
	WANT(pwrite(fd, "#", 1, 10), 1);
	WANT(pread(fd, new, sizeof new, 0), len);
	CHECK(new[10] == '#' && !memcmp(new, old, 10) && !memcmp(new + 11, old + 11, len - 11));
	WANT(pwrite(fd, old + 10, 1, 10), 1);
	close(fd);

	FAILS(open("/proc/self/exe", O_WRONLY), ETXTBSY);
	return done();
}
