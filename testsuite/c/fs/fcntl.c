/*
 * Descriptors: dup, fcntl, close_range, positions, positioned and vectored transfers, locks.
 * Agrees: Linux 6.18.
 */
#include "check.h"
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <limits.h>

static char name[] = "/tmp/check_fd_XXXXXX";

static void numbers(void)
{
	int fd = NEED(open("/dev/null", O_RDWR)), copy;
	struct rlimit old, few;

	copy = NEED(dup(fd));
	CHECK(copy > fd);
	WANT(dup2(fd, 50), 50);
	WANT(dup2(fd, fd), fd);
	FAILS(dup3(fd, fd, 0), EINVAL);
	FAILS(dup3(fd, 51, 1), EINVAL);
	FAILS(dup3(fd, -1, 0), EBADF);
	FAILS(dup3(999, 51, 0), EBADF);
	WANT(dup3(fd, 51, O_CLOEXEC), 51);
	WANT(fcntl(51, F_GETFD), FD_CLOEXEC);
	WANT(fcntl(51, F_SETFD, 0), 0);
	WANT(fcntl(51, F_GETFD), 0);
	WANT(fcntl(fd, F_DUPFD, 60), 60);
	WANT(fcntl(fd, F_DUPFD_CLOEXEC, 60), 61);
	WANT(fcntl(61, F_GETFD), FD_CLOEXEC);
	FAILS(fcntl(fd, F_DUPFD, -1), EINVAL);
	FAILS(fcntl(fd, 9999, 0), EINVAL);
	FAILS(fcntl(998, F_GETFD), EBADF);
	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = 62;
	setrlimit(RLIMIT_NOFILE, &few);
	FAILS(fcntl(fd, F_DUPFD, 60), EMFILE);
	FAILS(fcntl(fd, F_DUPFD, 62), EINVAL);
	FAILS(dup2(fd, 62), EBADF);
	setrlimit(RLIMIT_NOFILE, &old);
	WANT(syscall(SYS_close_range, 60, 60, 4), 0);
	WANT(fcntl(60, F_GETFD), FD_CLOEXEC);
	WANT(syscall(SYS_close_range, 50, 59, 0), 0);
	FAILS(fcntl(51, F_GETFD), EBADF);
	WANT(fcntl(60, F_GETFD), FD_CLOEXEC);
	FAILS(syscall(SYS_close_range, 60, 50, 0), EINVAL);
	FAILS(syscall(SYS_close_range, 60, 61, 0x80), EINVAL);
	WANT(syscall(SYS_close_range, 50, ~0u, 0), 0);
	FAILS(close(60), EBADF);
	close(copy);
	WANT(dup(fd), copy);
	close(copy);
	WANT(ioctl(fd, FIOCLEX), 0);
	WANT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	WANT(ioctl(fd, FIONCLEX), 0);
	WANT(fcntl(fd, F_GETFD), 0);
	close(fd);
}

static void status(void)
{
	int p[2], on = 1;

	NEED(pipe(p));
	WANT(fcntl(p[0], F_GETFL), O_RDONLY);
	WANT(fcntl(p[1], F_GETFL), O_WRONLY);
	WANT(fcntl(p[0], F_SETFL, O_NONBLOCK | O_WRONLY | O_CREAT), 0);
	WANT(fcntl(p[0], F_GETFL), O_NONBLOCK);
	WANT(ioctl(p[1], FIONBIO, &on), 0);
	WANT(fcntl(p[1], F_GETFL), O_WRONLY | O_NONBLOCK);
	WANT(fcntl(p[0], F_GETOWN), 0);
	WANT(fcntl(p[0], F_SETOWN, getpid()), 0);
	WANT(fcntl(p[0], F_GETOWN), getpid());
	WANT(fcntl(p[0], F_SETSIG, SIGUSR2), 0);
	WANT(fcntl(p[0], F_GETSIG), SIGUSR2);
	FAILS(fcntl(p[0], F_SETSIG, 65), EINVAL);
	FAILS(ioctl(p[0], 0x1234, 0), ENOTTY);
	close(p[0]);
	close(p[1]);
}

static void positions(void)
{
	int fd = NEED(open(name, O_RDWR | O_TRUNC)), app;
	char a[8] = "", b[8] = "";
	void *volatile bad = (void *)8;
	volatile int minus = -1, more = IOV_MAX + 1;
	struct iovec iov[2] = { { a, 3 }, { b, 5 } };

	WANT(write(fd, "0123456789", 10), 10);
	WANT(lseek(fd, -4, SEEK_END), 6);
	WANT(lseek(fd, 2, SEEK_CUR), 8);
	FAILS(lseek(fd, -9, SEEK_CUR), EINVAL);
	FAILS(lseek(fd, 0, 77), EINVAL);
	WANT(lseek(fd, 4, SEEK_DATA), 4);
	WANT(lseek(fd, 4, SEEK_HOLE), 10);
	FAILS(lseek(fd, 10, SEEK_DATA), ENXIO);
	WANT(pread(fd, a, 3, 1), 3);
	CHECK(!memcmp(a, "123", 3));
	FAILS(pread(fd, a, 1, -1), EINVAL);
	WANT(pwrite(fd, "xy", 2, 20), 2);
	WANT(lseek(fd, 0, SEEK_END), 22);
	WANT(lseek(fd, 0, SEEK_SET), 0);
	WANT(readv(fd, iov, 2), 8);
	CHECK(!memcmp(a, "012", 3) && !memcmp(b, "34567", 5));
	WANT(preadv(fd, iov, 2, 2), 8);
	CHECK(!memcmp(a, "234", 3));
	WANT(preadv2(fd, iov, 2, -1, 0), 8);
	WANT(lseek(fd, 0, SEEK_CUR), 16);
	FAILS(preadv2(fd, iov, 2, 0, 0x4000), EOPNOTSUPP);
	FAILS(readv(fd, iov, minus), EINVAL);
	FAILS(readv(fd, iov, more), EINVAL);
	iov[1].iov_len = -1;
	FAILS(readv(fd, iov, 2), EINVAL);
	WANT(readv(fd, iov, 0), 0);
	FAILS(read(fd, bad, 4), EFAULT);
	FAILS(write(fd, bad, 4), EFAULT);
	app = NEED(open(name, O_WRONLY | O_APPEND));
	WANT(write(app, "end", 3), 3);
	WANT(lseek(app, 0, SEEK_CUR), 25);
	FAILS(read(app, a, 1), EBADF);
	close(app);
	app = NEED(open(name, O_PATH));
	FAILS(read(app, a, 1), EBADF);
	FAILS(ioctl(app, FIONBIO, a), EBADF);
	CHECK(fcntl(app, F_GETFL) & O_PATH);
	close(app);
	close(fd);
}

static int fd;

static int try_lock(short type, off_t start, off_t len)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len };

	return fcntl(fd, F_SETLK, &l);
}

static void others(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0 };

	if (fcntl(fd, F_GETLK, &l) || l.l_type != F_WRLCK || l.l_start != 10 || l.l_len != 10 || l.l_pid != getppid())
		_exit(1);
	if (try_lock(F_WRLCK, 15, 1) != -1 || errno != EAGAIN)
		_exit(2);
	if (try_lock(F_WRLCK, 0, 10) || try_lock(F_RDLCK, 30, 10))
		_exit(3);
	if (try_lock(F_WRLCK, 32, 1) != -1)
		_exit(4);
}

static void freed(void)
{
	if (try_lock(F_WRLCK, 0, 0))
		_exit(1);
}

static void whole(void)
{
	int other = open(name, O_RDWR);

	if (flock(other, LOCK_EX | LOCK_NB) != -1 || errno != EWOULDBLOCK)
		_exit(1);
	if (flock(other, LOCK_SH | LOCK_NB) != -1)
		_exit(2);
	/* The inherited descriptor shares the lock. */
	if (flock(fd, LOCK_EX | LOCK_NB))
		_exit(3);
}

static void locks(void)
{
	int second;

	fd = NEED(open(name, O_RDWR));
	WANT(try_lock(F_WRLCK, 10, 10), 0);
	WANT(try_lock(F_RDLCK, 30, 10), 0);
	WANT(in_child(others), 0);
	WANT(try_lock(F_UNLCK, 0, 0), 0);
	WANT(in_child(freed), 0);
	WANT(try_lock(F_WRLCK, 0, 0), 0);
	/* Any close of the file gives the locks up. */
	second = NEED(open(name, O_RDONLY));
	close(second);
	WANT(in_child(freed), 0);
	WANT(flock(fd, LOCK_EX), 0);
	WANT(in_child(whole), 0);
	WANT(flock(fd, LOCK_UN), 0);
	FAILS(flock(fd, 77), EINVAL);
	close(fd);
}

int main(void)
{
	close(NEED(mkstemp(name)));
	numbers();
	status();
	positions();
	locks();
	unlink(name);
	return done();
}
