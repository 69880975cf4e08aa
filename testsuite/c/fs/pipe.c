/*
 * pipe(7): order of bytes, end of file, EPIPE, O_NONBLOCK, PIPE_BUF, capacity, packets, FIFOs.
 * Agrees: Linux 6.18.
 */
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static int events(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };

	poll(&p, 1, 0);
	return p.revents;
}

static char big[1 << 20];
/* A pipe has 16 pages; loongarch64 has larger ones than others. */
static long page;

static void basics(void)
{
	int p[2], left;
	char buf[80];
	struct stat st;

	NEED(pipe(p));
	WANT(events(p[0]), 0);
	WANT(events(p[1]), POLLOUT);
	WANT(write(p[1], "hello", 5), 5);
	WANT(write(p[1], " world", 6), 6);
	WANT(ioctl(p[0], FIONREAD, &left), 0);
	WANT(left, 11);
	WANT(events(p[0]), POLLIN);
	WANT(read(p[0], buf, 3), 3);
	WANT(read(p[0], buf + 3, 64), 8);
	CHECK(!memcmp(buf, "hello world", 11));
	WANT(read(p[0], buf, 0), 0);
	WANT(write(p[1], "", 0), 0);
	FAILS(lseek(p[0], 0, SEEK_CUR), ESPIPE);
	FAILS(pread(p[0], buf, 1, 0), ESPIPE);
	FAILS(read(p[1], buf, 1), EBADF);
	FAILS(write(p[0], buf, 1), EBADF);
	WANT(fstat(p[0], &st), 0);
	CHECK(S_ISFIFO(st.st_mode));
	NEED(close(p[1]));
	WANT(events(p[0]), POLLHUP);
	WANT(read(p[0], buf, 1), 0);
	NEED(close(p[0]));
}

static void broken(void)
{
	int p[2];

	signal(SIGPIPE, SIG_IGN);
	NEED(pipe(p));
	NEED(close(p[0]));
	WANT(events(p[1]), POLLOUT | POLLERR);
	FAILS(write(p[1], "x", 1), EPIPE);
	NEED(close(p[1]));
}

static volatile sig_atomic_t got_pipe;
static void on_pipe(int s) { (void)s; got_pipe++; }

static void sigpipe(void)
{
	int p[2];

	signal(SIGPIPE, on_pipe);
	NEED(pipe(p));
	NEED(close(p[0]));
	FAILS(write(p[1], "x", 1), EPIPE);
	WANT(got_pipe, 1);
	NEED(close(p[1]));
}

static void full(void)
{
	int p[2];
	ssize_t n, total = 0;

	NEED(pipe2(p, O_NONBLOCK));
	FAILS(read(p[0], big, 1), EAGAIN);
	WANT(fcntl(p[1], F_GETPIPE_SZ), 16 * page);
	while ((n = write(p[1], big, 1000)) > 0)
		total += n;
	CHECK(total > 14 * page && total <= 16 * page);
	WANT(events(p[1]), 0);
	/* Up to PIPE_BUF is all or nothing; room for one byte is not room for 4096. */
	NEED(read(p[0], big, page));
	CHECK(write(p[1], big, page + 1) > 0);
	FAILS(write(p[1], big, 4096), EAGAIN);
	while (read(p[0], big, sizeof big) > 0)
		;
	WANT(write(p[1], big, sizeof big), 16 * page);
	WANT(read(p[0], big, sizeof big), 16 * page);
	NEED(close(p[0]));
	NEED(close(p[1]));
}

static void resize(void)
{
	int p[2];

	NEED(pipe2(p, O_NONBLOCK));
	WANT(fcntl(p[1], F_SETPIPE_SZ, page + 1), 2 * page);
	WANT(fcntl(p[0], F_GETPIPE_SZ), 2 * page);
	WANT(write(p[1], big, 65536), 2 * page);
	FAILS(fcntl(p[1], F_SETPIPE_SZ, page), EBUSY);
	WANT(fcntl(p[1], F_SETPIPE_SZ, 1 << 20), 1 << 20);
	WANT(write(p[1], big, 100), 100);
	FAILS(fcntl(p[1], F_SETPIPE_SZ, -1), EINVAL);
	NEED(close(p[0]));
	NEED(close(p[1]));
}

static void packets(void)
{
	int p[2];
	char buf[16];

	NEED(pipe2(p, O_DIRECT | O_NONBLOCK));
	WANT(write(p[1], "abcdef", 6), 6);
	WANT(write(p[1], "gh", 2), 2);
	WANT(read(p[0], buf, 3), 3);
	WANT(read(p[0], buf, sizeof buf), 2);
	CHECK(!memcmp(buf, "gh", 2));
	FAILS(read(p[0], buf, 1), EAGAIN);
	NEED(close(p[0]));
	NEED(close(p[1]));
}

static void blocking(void)
{
	int p[2];
	size_t total = 0;
	ssize_t n;
	pid_t child;

	NEED(pipe(p));
	child = NEED(fork());
	if (!child) {
		size_t i, sent = 0;

		close(p[0]);
		for (i = 0; i < sizeof big; i++)
			big[i] = i * 7 + i / 4096;
		while (sent < sizeof big && (n = write(p[1], big + sent, sizeof big - sent)) > 0)
			sent += n;
		_exit(sent != sizeof big);
	}
	close(p[1]);
	while (total < sizeof big && (n = read(p[0], big + total, 12345)) > 0)
		total += n;
	CHECK(total == sizeof big);
	for (size_t i = 0; i < sizeof big; i++)
		if (big[i] != (char)(i * 7 + i / 4096)) {
			total = 0;
			break;
		}
	CHECK(total == sizeof big);
	WANT(read(p[0], big, 1), 0);
	CHECK(left_well(child));
	close(p[0]);
}

static void alarmed(int s) { (void)s; }

static void interrupted(void)
{
	int p[2];
	struct sigaction sa = { .sa_handler = alarmed };
	pid_t child;
	char c;

	NEED(pipe(p));
	sigaction(SIGUSR1, &sa, NULL);
	child = NEED(fork());
	if (!child) {
		sleep_ms(50);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	FAILS(read(p[0], &c, 1), EINTR);
	CHECK(left_well(child));
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sa, NULL);
	child = NEED(fork());
	if (!child) {
		sleep_ms(50);
		kill(getppid(), SIGUSR1);
		sleep_ms(50);
		_exit(write(p[1], "z", 1) != 1);
	}
	WANT(read(p[0], &c, 1), 1);
	CHECK(left_well(child));
}

static void fifo(void)
{
	char name[] = "/tmp/check_fifo_XXXXXX", c;
	int r, w;
	pid_t child;

	NEED(mkstemp(name));
	NEED(unlink(name));
	NEED(mkfifo(name, 0600));
	FAILS(open(name, O_WRONLY | O_NONBLOCK), ENXIO);
	r = NEED(open(name, O_RDONLY | O_NONBLOCK));
	WANT(read(r, &c, 1), 0);
	WANT(events(r), 0);
	w = NEED(open(name, O_WRONLY | O_NONBLOCK));
	FAILS(read(r, &c, 1), EAGAIN);
	WANT(write(w, "q", 1), 1);
	WANT(read(r, &c, 1), 1);
	NEED(close(w));
	WANT(events(r), POLLHUP);
	NEED(close(r));
	child = NEED(fork());
	if (!child) {
		sleep_ms(30);
		w = open(name, O_WRONLY);
		_exit(write(w, "k", 1) != 1);
	}
	r = NEED(open(name, O_RDONLY));
	WANT(read(r, &c, 1), 1);
	WANT(c, 'k');
	CHECK(left_well(child));
	NEED(close(r));
	NEED(unlink(name));
}

int main(void)
{
	int p[2], *volatile bad = (int *)8;

	page = sysconf(_SC_PAGESIZE);
	FAILS(pipe2(p, 0x10), EINVAL);
	FAILS(pipe(bad), EFAULT);
	basics();
	broken();
	sigpipe();
	full();
	resize();
	packets();
	blocking();
	interrupted();
	fifo();
	return done();
}
