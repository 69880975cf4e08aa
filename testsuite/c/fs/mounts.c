/*
 * mount(2) and umount2(2) with tmpfs: a size limit, a mount point in use, read-only.
 * Agrees: Linux 6.18.
 */
#include "scratch.h"
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statfs.h>

static char buffer[65536];

static int listed(const char *what)
{
	static char text[65536];
	int fd = open("/proc/self/mounts", O_RDONLY);
	ssize_t len = 0, n;

	while (fd >= 0 && (n = read(fd, text + len, sizeof text - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = 0;
	return strstr(text, what) != NULL;
}

int main(void)
{
	struct statfs fs;
	struct stat before, after;
	char path[300];
	int fd, total = 0;
	ssize_t n;

	scratch();
	NEED(mkdir("m", 0755));
	if (mount("here", "m", "tmpfs", MS_NOSUID, "size=256k,mode=0750") && errno == EPERM)
		return skip("may not mount");
	NEED(stat("m", &after));
	WANT(after.st_mode & 07777, 0750);
	NEED(stat(".", &before));
	CHECK(before.st_dev != after.st_dev);
	WANT(statfs("m", &fs), 0);
	WANT(fs.f_type, 0x01021994);
	WANT(fs.f_blocks * fs.f_bsize, 256 << 10);
	NEED(getcwd(path, sizeof path - 10) ? 0 : -1);
	strcat(path, "/m tmpfs rw,nosuid,");
	CHECK(listed(path));

	fd = NEED(open("m/f", O_CREAT | O_RDWR, 0644));
	while ((n = write(fd, buffer, sizeof buffer)) > 0)
		total += n;
	CHECK(n == -1 && errno == ENOSPC);
	WANT(total, 256 << 10);
	FAILS(umount("m"), EBUSY);
	FAILS(rename("m/f", "f"), EXDEV);
	FAILS(link("m/f", "f"), EXDEV);
	FAILS(rmdir("m"), EBUSY);
	WANT(ftruncate(fd, 0), 0);
	WANT(write(fd, buffer, 4096), 4096);
	close(fd);

	WANT(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	FAILS(open("m/g", O_CREAT | O_RDWR, 0644), EROFS);
	FAILS(open("m/f", O_WRONLY), EROFS);
	FAILS(unlink("m/f"), EROFS);
	WANT(umount("m"), 0);
	FAILS(umount("m"), EINVAL);
	FAILS(access("m/f", F_OK), ENOENT);
	FAILS(mount("x", "m", "nosuchfs", 0, NULL), ENODEV);
	FAILS(mount("x", "none", "tmpfs", 0, NULL), ENOENT);

	/* The same directory in a second place. */
	NEED(mkdir("n", 0755));
	WANT(mount("m", "n", NULL, MS_BIND, NULL), 0);
	close(NEED(open("m/seen", O_CREAT | O_RDWR, 0644)));
	WANT(access("n/seen", F_OK), 0);
	WANT(umount2("n", MNT_DETACH), 0);
	FAILS(access("n/seen", F_OK), ENOENT);
	return done();
}
