/*
 * A network namespace that a file holds: mount(2) binds /proc/self/ns/net over it, setns(2) takes the
 * file, umount2(2) lets go; a mount namespace keeps mounts to itself (ip-netns(8), mount_namespaces(7)).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define NSFS_MAGIC_ 0x6e736673

static ino_t number(const char *path)
{
	struct stat s;

	return stat(path, &s) ? 0 : s.st_ino;
}

static int enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), got;

	if (fd < 0)
		return -1;
	got = setns(fd, CLONE_NEWNET);
	close(fd);
	return got;
}

int main(void)
{
	char path[] = "/tmp/netns_mount_XXXXXX";
	int home = NEED(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
	int held = NEED(mkstemp(path)), status;
	ino_t made;
	struct statfs fs;

	/* Not where others look: what follows is in a mount namespace of its own. */
	NEED(unshare(CLONE_NEWNS));
	NEED(mount("", "/", "none", MS_SLAVE | MS_REC, NULL));
	close(held);
	FAILS(enter(path), EINVAL);
	NEED(unshare(CLONE_NEWNET));
	made = number("/proc/self/ns/net");
	WANT(mount("/proc/self/ns/net", path, "none", MS_BIND, NULL), 0);
	WANT(setns(home, CLONE_NEWNET), 0);
	CHECK(number("/proc/self/ns/net") != made);
	CHECK(number(path) == made);
	WANT(statfs(path, &fs), 0);
	CHECK(fs.f_type == NSFS_MAGIC_);
	WANT(enter(path), 0);
	CHECK(number("/proc/self/ns/net") == made);
	WANT(setns(home, CLONE_NEWNET), 0);

	/* A child with mounts of its own: what it unmounts stays here, what it mounts is not seen here. */
	if (!NEED(fork())) {
		if (unshare(CLONE_NEWNS) || mount("", "/", "none", MS_SLAVE | MS_REC, NULL))
			_exit(1);
		if (umount2(path, MNT_DETACH) || number(path) == made)
			_exit(2);
		if (mount("none", "/mnt", "tmpfs", 0, NULL) || mkdir("/mnt/inside", 0700))
			_exit(3);
		_exit(chdir("/mnt/inside") ? 4 : 0);
	}
	WANT((wait(&status), status), 0);
	CHECK(number(path) == made);
	CHECK(number("/mnt/inside") == 0);

	WANT(umount2(path, MNT_DETACH), 0);
	FAILS(enter(path), EINVAL);
	WANT(unlink(path), 0);
	return done();
}
