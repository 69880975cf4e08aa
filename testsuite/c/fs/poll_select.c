/*
 * poll(2), ppoll, select(2), pselect: readiness, closed descriptors, timeouts and what is left of them, masks.
 * Agrees: Linux 6.18.
 */
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/syscall.h>

static void on_signal(int s) { (void)s; }

int main(void)
{
	int p[2], n;
	struct pollfd fds[3], *volatile bad = (struct pollfd *)8;
	volatile nfds_t many = 1u << 30;
	fd_set r, w, e;
	struct timeval tv;
	struct timespec ts;
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	sigset_t block, none;
	long long start;
	pid_t child;
	char c;

	NEED(pipe(p));
	fds[0] = (struct pollfd){ p[0], POLLIN, 99 };
	fds[1] = (struct pollfd){ p[1], POLLOUT, 99 };
	fds[2] = (struct pollfd){ -1, POLLIN, 99 };
	WANT(poll(fds, 3, 0), 1);
	WANT(fds[0].revents, 0);
	WANT(fds[1].revents, POLLOUT);
	WANT(fds[2].revents, 0);
	fds[2].fd = 777;
	WANT(poll(fds, 3, -1), 2);
	WANT(fds[2].revents, POLLNVAL);
	start = now_ms();
	WANT(poll(fds, 1, 50), 0);
	CHECK(now_ms() - start >= 49);
	WANT(poll(NULL, 0, 10), 0);
	FAILS(poll(bad, 1, 0), EFAULT);
	FAILS(poll(fds, many, 0), EINVAL);
	child = NEED(fork());
	if (!child) {
		sleep_ms(30);
		_exit(write(p[1], "x", 1) != 1);
	}
	WANT(poll(fds, 1, -1), 1);
	WANT(fds[0].revents, POLLIN);
	CHECK(left_well(child));

	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&e);
	FD_SET(p[0], &r);
	FD_SET(p[1], &w);
	FD_SET(p[0], &e);
	tv = (struct timeval){ 5, 0 };
	n = p[1] + 1;
	WANT(select(n, &r, &w, &e, &tv), 2);
	CHECK(FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w) && !FD_ISSET(p[0], &e));
	NEED(read(p[0], &c, 1));
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	tv = (struct timeval){ 0, 40000 };
	start = now_ms();
	WANT(select(n, &r, NULL, NULL, &tv), 0);
	CHECK(now_ms() - start >= 39 && !FD_ISSET(p[0], &r));
	FD_SET(p[1] + 9, &r);
	FAILS(select(p[1] + 10, &r, NULL, NULL, &tv), EBADF);
	FD_CLR(p[1] + 9, &r);
	FAILS(select(-1, NULL, NULL, NULL, &tv), EINVAL);
	/* Below the C library, which copies the timeout. */
	ts = (struct timespec){ 0, 2000000000 };
	FAILS(syscall(SYS_ppoll, NULL, 0, &ts, NULL, 8), EINVAL);
	ts = (struct timespec){ 0, 20000000 };
	WANT(syscall(SYS_pselect6, n, &r, NULL, NULL, &ts, NULL), 0);
	CHECK(ts.tv_sec == 0 && ts.tv_nsec == 0);
	ts = (struct timespec){ 7, 0 };
	fds[1].fd = p[1];
	WANT(syscall(SYS_ppoll, fds + 1, 1, &ts, NULL, 8), 1);
	CHECK(ts.tv_sec == 6);

	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	raise(SIGUSR1);
	ts = (struct timespec){ 2, 0 };
	FAILS(ppoll(fds, 1, &ts, &none), EINTR);
	raise(SIGUSR1);
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	FAILS(pselect(n, &r, NULL, NULL, &ts, &none), EINTR);
	sigprocmask(SIG_SETMASK, NULL, &none);
	CHECK(sigismember(&none, SIGUSR1));
	sigprocmask(SIG_UNBLOCK, &block, NULL);
	/* A handler ends poll also with SA_RESTART; a stop and a continue do not. */
	child = NEED(fork());
	if (!child) {
		sleep_ms(30);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	FAILS(poll(fds, 1, 5000), EINTR);
	CHECK(left_well(child));
	close(p[1]);
	WANT(poll(fds, 1, -1), 1);
	WANT(fds[0].revents, POLLHUP);
	return done();
}
