/*
 * pipe(2), pipe(7): order, end of file, EPIPE with SIGPIPE, O_NONBLOCK, PIPE_BUF
 * atomicity, F_GETPIPE_SZ, a reader waits for a writer.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>

static volatile sig_atomic_t pipes;
static void on_pipe(int number) { (void)number; pipes++; }

int main(void)
{
	static char block[65536];
	int p[2], waiting = 0;
	struct pollfd poll_out;
	ssize_t n, total = 0;
	pid_t child;
	char text[8];

	NEED(pipe2(p, O_CLOEXEC));
	WANT(fcntl(p[0], F_GETFD), FD_CLOEXEC);
	/* pipe(7): sixteen pages. */
	WANT(fcntl(p[0], F_GETPIPE_SZ), 16 * PAGE);
	WANT(write(p[1], "abcdef", 6), 6);
	WANT(ioctl(p[0], FIONREAD, &waiting), 0);
	WANT(waiting, 6);
	WANT(read(p[0], text, 4), 4);
	WANT(read(p[0], text, 8), 2);
	NEED(fcntl(p[0], F_SETFL, O_NONBLOCK));
	NEED(fcntl(p[1], F_SETFL, O_NONBLOCK));
	FAILS(read(p[0], text, 1), EAGAIN);
	while ((n = write(p[1], block, sizeof block)) > 0)
		total += n;
	WANT(total, 16 * PAGE);
	FAILS(write(p[1], "x", 1), EAGAIN);
	poll_out = (struct pollfd){ .fd = p[1], .events = POLLOUT };
	WANT(poll(&poll_out, 1, 0), 0);
	NEED(read(p[0], block, 1000));
	/* A small write goes whole or not at all. */
	FAILS(write(p[1], block, PIPE_BUF), EAGAIN);
	NEED(read(p[0], block, 60000));
	WANT(poll(&poll_out, 1, 0), 1);
	NEED(fcntl(p[0], F_SETFL, 0));
	while (ioctl(p[0], FIONREAD, &waiting) == 0 && waiting > 0)
		NEED(read(p[0], block, sizeof block));
	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		close(p[0]);
		sleep_ms(100);
		_exit(write(p[1], "late", 4) != 4);
	}
	close(p[1]);
	WANT(read(p[0], text, 8), 4);
	CHECK(left_well(child));
	WANT(read(p[0], text, 8), 0);
	NEED(pipe(p));
	close(p[0]);
	signal(SIGPIPE, on_pipe);
	FAILS(write(p[1], "x", 1), EPIPE);
	WANT(pipes, 1);
	FAILS(lseek(p[1], 0, SEEK_CUR), ESPIPE);
	FAILS(pipe2(p, 0x7), EINVAL);
	return done();
}
