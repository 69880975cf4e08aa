/*
 * dup(2), dup3(2), fcntl(2), close(2): the lowest number, flags per descriptor and per
 * open file, locks of fcntl and flock between processes.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/file.h>

static char name[64];

static void tries_lock(void)
{
	int fd = open(name, O_RDWR);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10 };

	if (fcntl(fd, F_SETLK, &lock) != -1 || (errno != EAGAIN && errno != EACCES))
		_exit(1);
	lock.l_start = 20;
	if (fcntl(fd, F_SETLK, &lock) == -1)
		_exit(2);
	lock.l_start = 0;
	if (fcntl(fd, F_GETLK, &lock) == -1 || lock.l_type != F_WRLCK || lock.l_pid != getppid())
		_exit(3);
	if (flock(fd, LOCK_EX | LOCK_NB) != -1 || errno != EAGAIN)
		_exit(4);
}

int main(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10 };
	int fd, copy;

	snprintf(name, sizeof name, "/tmp/descriptors.%d", getpid());
	fd = NEED(open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	copy = NEED(dup(fd));
	WANT(copy, fd + 1);
	close(fd);
	WANT(dup(copy), fd);
	WANT(fcntl(fd, F_DUPFD, 50), 50);
	WANT(fcntl(fd, F_DUPFD_CLOEXEC, 50), 51);
	WANT(fcntl(51, F_GETFD), FD_CLOEXEC);
	WANT(fcntl(50, F_GETFD), 0);
	WANT(dup3(fd, 60, O_CLOEXEC), 60);
	FAILS(dup3(fd, fd, 0), EINVAL);
	WANT(dup2(fd, fd), fd);
	FAILS(dup2(0x7fff, 5), EBADF);
	FAILS(close(0x7fff), EBADF);
	/* Status flags belong to the open file, so a copy sees them. */
	NEED(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	CHECK((fcntl(copy, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE)) == (O_APPEND | O_NONBLOCK | O_RDWR));
	FAILS(fcntl(fd, 9999), EINVAL);
	WANT(fcntl(fd, F_SETLK, &lock), 0);
	WANT(flock(fd, LOCK_EX), 0);
	WANT(in_child(tries_lock), 0);
	NEED(unlink(name));
	return done();
}
