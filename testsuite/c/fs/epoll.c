/*
 * epoll(7): level and edge, one-shot, changes, removal by close, nesting and its limits.
 * Agrees: Linux 6.18.
 */
#include "check.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <poll.h>

static int ctl(int ep, int op, int fd, unsigned events, unsigned long long data)
{
	struct epoll_event e = { .events = events, .data.u64 = data };

	return epoll_ctl(ep, op, fd, &e);
}

/* Events of the only ready item, 0 for none, -1 for more. */
static int one(int ep, int ms)
{
	struct epoll_event e[4];
	int n = epoll_wait(ep, e, 4, ms);

	return n == 1 ? (int)e[0].events : n == 0 ? 0 : -1;
}

static void level(void)
{
	int ep = NEED(epoll_create1(0)), p[2];
	char c;

	NEED(pipe(p));
	WANT(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 1), 0);
	FAILS(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 1), EEXIST);
	WANT(one(ep, 0), 0);
	NEED(write(p[1], "ab", 2));
	WANT(one(ep, 0), EPOLLIN);
	WANT(one(ep, 0), EPOLLIN);
	NEED(read(p[0], &c, 1));
	WANT(one(ep, 0), EPOLLIN);
	NEED(read(p[0], &c, 1));
	WANT(one(ep, 0), 0);
	WANT(ctl(ep, EPOLL_CTL_ADD, p[1], EPOLLOUT, 2), 0);
	WANT(one(ep, 0), EPOLLOUT);
	WANT(ctl(ep, EPOLL_CTL_MOD, p[1], 0, 2), 0);
	WANT(one(ep, 0), 0);
	NEED(close(p[0]));
	WANT(one(ep, 0), EPOLLERR);
	WANT(ctl(ep, EPOLL_CTL_DEL, p[1], 0, 0), 0);
	FAILS(ctl(ep, EPOLL_CTL_DEL, p[1], 0, 0), ENOENT);
	FAILS(ctl(ep, EPOLL_CTL_MOD, p[1], 0, 0), ENOENT);
	close(p[1]);
	close(ep);
}

static void edge(void)
{
	int ep = NEED(epoll_create1(EPOLL_CLOEXEC)), s[2];
	char c;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(ctl(ep, EPOLL_CTL_ADD, s[0], EPOLLIN | EPOLLET, 1));
	WANT(one(ep, 0), 0);
	NEED(write(s[1], "a", 1));
	WANT(one(ep, 0), EPOLLIN);
	WANT(one(ep, 0), 0);
	/* Every arrival is an edge, read or not. */
	NEED(write(s[1], "b", 1));
	WANT(one(ep, 0), EPOLLIN);
	NEED(read(s[0], &c, 1));
	WANT(one(ep, 0), 0);
	/* A change looks again. */
	NEED(ctl(ep, EPOLL_CTL_MOD, s[0], EPOLLIN | EPOLLET, 1));
	WANT(one(ep, 0), EPOLLIN);
	NEED(ctl(ep, EPOLL_CTL_MOD, s[0], EPOLLIN | EPOLLET | EPOLLOUT | EPOLLRDHUP, 1));
	WANT(one(ep, 0), EPOLLIN | EPOLLOUT);
	WANT(one(ep, 0), 0);
	NEED(shutdown(s[1], SHUT_WR));
	WANT(one(ep, 0), EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	NEED(close(s[1]));
	WANT(one(ep, 0), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
	close(s[0]);
	WANT(one(ep, 0), 0);
	close(ep);
}

static void oneshot(void)
{
	int ep = NEED(epoll_create1(0)), fd = NEED(eventfd(0, 0));

	NEED(ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT, 1));
	NEED(eventfd_write(fd, 1));
	WANT(one(ep, 0), EPOLLIN);
	NEED(eventfd_write(fd, 1));
	WANT(one(ep, 0), 0);
	NEED(ctl(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT, 1));
	WANT(one(ep, 0), EPOLLIN);
	WANT(one(ep, 0), 0);
	close(fd);
	close(ep);
}

static void fairness(void)
{
	int ep = NEED(epoll_create1(0)), fds[4], seen = 0;
	struct epoll_event e;

	for (int i = 0; i < 4; i++) {
		fds[i] = NEED(eventfd(1, 0));
		NEED(ctl(ep, EPOLL_CTL_ADD, fds[i], EPOLLIN, i));
	}
	for (int i = 0; i < 4; i++) {
		WANT(epoll_wait(ep, &e, 1, 0), 1);
		seen |= 1 << e.data.u64;
	}
	WANT(seen, 15);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	close(ep);
}

static void closing(void)
{
	int ep = NEED(epoll_create1(0)), fd = NEED(eventfd(1, 0)), copy = NEED(dup(fd));

	NEED(ctl(ep, EPOLL_CTL_ADD, fd, EPOLLIN, 7));
	NEED(close(fd));
	/* The description lives on in the copy. */
	WANT(one(ep, 0), EPOLLIN);
	NEED(close(copy));
	WANT(one(ep, 0), 0);
	close(ep);
}

static void waiting(void)
{
	int ep = NEED(epoll_create1(0)), p[2];
	long long start = now_ms();
	struct epoll_event e;
	pid_t child;

	WANT(epoll_wait(ep, &e, 1, 60), 0);
	CHECK(now_ms() - start >= 59 && now_ms() - start < 1000);
	NEED(pipe(p));
	NEED(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 1));
	child = NEED(fork());
	if (!child) {
		sleep_ms(40);
		_exit(write(p[1], "x", 1) != 1);
	}
	WANT(epoll_wait(ep, &e, 1, -1), 1);
	CHECK(left_well(child));
	close(p[0]);
	close(p[1]);
	close(ep);
}

static void on_signal(int s) { (void)s; }

static void masks(void)
{
	int ep = NEED(epoll_create1(0));
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct epoll_event e;
	sigset_t block, old, open;

	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, &old);
	raise(SIGUSR1);
	WANT(epoll_wait(ep, &e, 1, 20), 0);
	open = old;
	sigdelset(&open, SIGUSR1);
	/* Never restarted, also with SA_RESTART. */
	FAILS(epoll_pwait(ep, &e, 1, 2000, &open), EINTR);
	sigprocmask(SIG_SETMASK, NULL, &old);
	CHECK(sigismember(&old, SIGUSR1));
	sigprocmask(SIG_UNBLOCK, &block, NULL);
	close(ep);
}

static void nesting(void)
{
	int outer = NEED(epoll_create1(0)), inner = NEED(epoll_create1(0)), fd = NEED(eventfd(0, 0)), chain[8];
	int i;

	FAILS(ctl(outer, EPOLL_CTL_ADD, outer, EPOLLIN, 0), EINVAL);
	NEED(ctl(outer, EPOLL_CTL_ADD, inner, EPOLLIN, 1));
	NEED(ctl(inner, EPOLL_CTL_ADD, fd, EPOLLIN, 1));
	FAILS(ctl(inner, EPOLL_CTL_ADD, outer, EPOLLIN, 1), ELOOP);
	WANT(one(outer, 0), 0);
	NEED(eventfd_write(fd, 1));
	WANT(one(outer, 0), EPOLLIN);
	struct pollfd p = { outer, POLLIN, 0 };
	WANT(poll(&p, 1, 0), 1);
	eventfd_t v;
	NEED(eventfd_read(fd, &v));
	WANT(one(outer, 0), 0);
	WANT(poll(&p, 1, 0), 0);
	close(fd);
	close(inner);
	close(outer);
	chain[0] = NEED(epoll_create1(0));
	for (i = 1; i < 8; i++) {
		chain[i] = NEED(epoll_create1(0));
		if (ctl(chain[i], EPOLL_CTL_ADD, chain[i - 1], EPOLLIN, 0))
			break;
	}
	CHECK(i == 5);
	for (int n = 0; n <= i && n < 8; n++)
		close(chain[n]);
}

static void errors(void)
{
	int ep = NEED(epoll_create1(0)), p[2], file = NEED(open("/proc/self/exe", O_RDONLY));
	struct epoll_event e, *volatile bad = (struct epoll_event *)8;

	NEED(pipe(p));
	FAILS(epoll_create1(1), EINVAL);
	FAILS(ctl(ep, EPOLL_CTL_ADD, file, EPOLLIN, 0), EPERM);
	FAILS(ctl(ep, EPOLL_CTL_ADD, 999, EPOLLIN, 0), EBADF);
	FAILS(ctl(999, EPOLL_CTL_ADD, p[0], EPOLLIN, 0), EBADF);
	FAILS(ctl(p[0], EPOLL_CTL_ADD, p[1], EPOLLIN, 0), EINVAL);
	FAILS(ctl(ep, 9, p[0], EPOLLIN, 0), EINVAL);
	FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], NULL), EFAULT);
	FAILS(epoll_wait(ep, &e, 0, 0), EINVAL);
	FAILS(epoll_wait(p[0], &e, 1, 0), EINVAL);
	FAILS(epoll_wait(999, &e, 1, 0), EBADF);
	NEED(ctl(ep, EPOLL_CTL_ADD, p[1], EPOLLOUT, 0));
	FAILS(epoll_wait(ep, bad, 1, 0), EFAULT);
	FAILS(ctl(ep, EPOLL_CTL_MOD, p[1], EPOLLOUT | EPOLLEXCLUSIVE, 0), EINVAL);
	FAILS(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 0), EINVAL);
	WANT(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLEXCLUSIVE, 0), 0);
	FAILS(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN, 0), EINVAL);
	close(p[0]);
	close(p[1]);
	close(file);
	close(ep);
}

int main(void)
{
	level();
	edge();
	oneshot();
	fairness();
	closing();
	waiting();
	masks();
	nesting();
	errors();
	return done();
}
