/*
 * unix(7) beyond moving bytes: names, backlog, readiness, peeking, credentials, sequenced packets, resets, limits.
 * Agrees: Linux 6.18.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static char big[1 << 20];

static int events(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };

	poll(&p, 1, 0);
	return p.revents;
}

static socklen_t name(struct sockaddr_un *a, const char *path)
{
	memset(a, 0, sizeof *a);
	a->sun_family = AF_UNIX;
	strcpy(a->sun_path + (*path == '@'), path + (*path == '@'));
	return offsetof(struct sockaddr_un, sun_path) + strlen(path) + (*path != '@');
}

static int to(int (*call)(int, const struct sockaddr *, socklen_t), int fd, const char *path)
{
	struct sockaddr_un a;
	socklen_t len = name(&a, path);

	return call(fd, (struct sockaddr *)&a, len);
}

static void names(void)
{
	int a = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), b = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	struct sockaddr_un addr;
	socklen_t len = sizeof addr;
	struct stat st;

	WANT(getsockname(a, (struct sockaddr *)&addr, &len), 0);
	WANT(len, 2);
	FAILS(getpeername(a, (struct sockaddr *)&addr, &len), ENOTCONN);
	WANT(events(a), POLLOUT | POLLHUP);
	FAILS(recv(a, big, 1, 0), EINVAL);
	FAILS(send(a, big, 1, MSG_NOSIGNAL), ENOTCONN);
	FAILS(listen(a, 1), EINVAL);
	addr.sun_family = AF_UNIX;
	WANT(bind(a, (struct sockaddr *)&addr, 2), 0);
	len = sizeof addr;
	WANT(getsockname(a, (struct sockaddr *)&addr, &len), 0);
	WANT(len, 8);
	CHECK(addr.sun_path[0] == 0);
	FAILS(to(bind, a, "@check_other"), EINVAL);
	WANT(to(bind, b, "@check_name"), 0);
	close(a);
	a = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	FAILS(to(bind, a, "@check_name"), EADDRINUSE);
	FAILS(to(connect, a, "@check_name"), ECONNREFUSED);
	FAILS(to(connect, a, "@check_nobody"), ECONNREFUSED);
	FAILS(to(connect, a, "/tmp/check_nobody"), ENOENT);
	close(b);
	WANT(to(bind, a, "@check_name"), 0);
	close(a);
	a = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	b = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));
	unlink("/tmp/check_unix");
	WANT(to(bind, a, "/tmp/check_unix"), 0);
	WANT(stat("/tmp/check_unix", &st), 0);
	CHECK(S_ISSOCK(st.st_mode));
	FAILS(to(bind, b, "/tmp/check_unix"), EADDRINUSE);
	FAILS(to(connect, b, "/tmp/check_unix"), EPROTOTYPE);
	FAILS(open("/tmp/check_unix", O_RDWR), ENXIO);
	len = sizeof addr;
	NEED(getsockname(a, (struct sockaddr *)&addr, &len));
	WANT(len, 2 + (int)strlen("/tmp/check_unix") + 1);
	close(a);
	close(b);
	a = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	FAILS(to(connect, a, "/tmp/check_unix"), ECONNREFUSED);
	FAILS(to(bind, a, "/tmp/check_unix"), EADDRINUSE);
	unlink("/tmp/check_unix");
	close(a);
	FAILS(socket(AF_UNIX, 77, 0), EINVAL);
	FAILS(socket(AF_UNIX, SOCK_STREAM, 7), EPROTONOSUPPORT);
	FAILS(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
}

static void backlog(void)
{
	int l = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), c[4], s;
	struct ucred who;
	socklen_t len = sizeof who;
	pid_t child;

	NEED(to(bind, l, "@check_backlog"));
	WANT(listen(l, 1), 0);
	WANT(events(l), 0);
	FAILS(connect(l, NULL, 0) ? (errno = EINVAL, -1) : 0, EINVAL);
	for (int i = 0; i < 3; i++)
		c[i] = NEED(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	WANT(to(connect, c[0], "@check_backlog"), 0);
	WANT(to(connect, c[1], "@check_backlog"), 0);
	FAILS(to(connect, c[2], "@check_backlog"), EAGAIN);
	WANT(events(l), POLLIN);
	/* Connected before accepted. */
	WANT(write(c[0], "early", 5), 5);
	child = NEED(fork());
	if (!child) {
		c[3] = socket(AF_UNIX, SOCK_STREAM, 0);
		_exit(to(connect, c[3], "@check_backlog") != 0);
	}
	sleep_ms(30);
	s = NEED(accept(l, NULL, NULL));
	CHECK(left_well(child));
	WANT(read(s, big, 10), 5);
	WANT(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &who, &len), 0);
	CHECK(who.pid == getpid() && who.uid == geteuid() && who.gid == getegid());
	close(s);
	/* What nobody accepted is reset. */
	close(l);
	WANT(events(c[1]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	FAILS(read(c[1], big, 1), ECONNRESET);
	WANT(read(c[1], big, 1), 0);
	FAILS(send(c[1], big, 1, MSG_NOSIGNAL), EPIPE);
	for (int i = 0; i < 3; i++)
		close(c[i]);
}

static void streams(void)
{
	int s[2], left;
	ssize_t n, total = 0;
	struct timeval tv = { 0, 50000 };
	long long start;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	WANT(events(s[0]), POLLOUT);
	NEED(write(s[0], "abc", 3));
	NEED(write(s[0], "def", 3));
	WANT(recv(s[1], big, 4, MSG_PEEK), 4);
	WANT(recv(s[1], big, 100, MSG_PEEK), 6);
	WANT(ioctl(s[1], FIONREAD, &left), 0);
	WANT(left, 6);
	WANT(recv(s[1], big, 4, 0), 4);
	WANT(recv(s[1], big, 10, MSG_DONTWAIT | MSG_WAITALL), 2);
	FAILS(recv(s[1], big, 10, MSG_DONTWAIT), EAGAIN);
	NEED(setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv));
	start = now_ms();
	FAILS(recv(s[1], big, 10, 0), EAGAIN);
	CHECK(now_ms() - start >= 49);
	while ((n = send(s[0], big, 10000, MSG_DONTWAIT)) > 0)
		total += n;
	CHECK(n == -1 && errno == EAGAIN && total > 50000 && total < 500000);
	WANT(events(s[0]), 0);
	NEED(setsockopt(s[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv));
	FAILS(send(s[0], big, 10000, 0), EAGAIN);
	while (recv(s[1], big, sizeof big, MSG_DONTWAIT) > 0)
		;
	WANT(events(s[0]), POLLOUT);
	WANT(shutdown(s[0], SHUT_WR), 0);
	WANT(events(s[1]), POLLIN | POLLOUT | POLLRDHUP);
	WANT(read(s[1], big, 1), 0);
	FAILS(send(s[0], big, 1, MSG_NOSIGNAL), EPIPE);
	WANT(write(s[1], "x", 1), 1);
	close(s[0]);
	FAILS(read(s[1], big, 1), ECONNRESET);
	WANT(read(s[1], big, 1), 0);
	FAILS(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	close(s[1]);
}

static void datagrams(void)
{
	int r = NEED(socket(AF_UNIX, SOCK_DGRAM, 0)), w = NEED(socket(AF_UNIX, SOCK_DGRAM, 0)), o, n = 0;
	struct sockaddr_un from;
	socklen_t len;
	struct iovec iov = { big, 3 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	NEED(to(bind, r, "@check_r"));
	FAILS(send(w, "x", 1, 0), ENOTCONN);
	WANT(to(connect, w, "@check_r"), 0);
	WANT(send(w, "hello", 5, 0), 5);
	WANT(send(w, "", 0, 0), 0);
	WANT(recvmsg(r, &m, MSG_PEEK), 3);
	WANT(m.msg_flags & MSG_TRUNC, MSG_TRUNC);
	WANT(recv(r, big, 3, MSG_TRUNC), 5);
	len = sizeof from;
	WANT(recvfrom(r, big, 3, 0, (struct sockaddr *)&from, &len), 0);
	WANT(len, 0);
	while (n < 1000 && send(w, "x", 1, MSG_DONTWAIT) == 1)
		n++;
	WANT(n, 11);
	WANT(events(w), 0);
	NEED(recv(r, big, 1, 0));
	WANT(events(w), POLLOUT);
	FAILS(send(w, big, sizeof big, 0), EMSGSIZE);
	/* Somebody who is connected hears nobody else. */
	o = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));
	NEED(to(bind, o, "@check_o"));
	while (recv(r, big, 1, MSG_DONTWAIT) == 1)
		;
	WANT(to(connect, r, "@check_o"), 0);
	FAILS(send(w, "x", 1, 0), EPERM);
	close(r);
	FAILS(send(w, "x", 1, 0), ECONNREFUSED);
	FAILS(send(w, "x", 1, 0), ENOTCONN);
	close(w);
	close(o);
}

static void packets(void)
{
	int s[2];
	struct iovec iov = { big, 3 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	WANT(send(s[0], "first", 5, 0), 5);
	WANT(send(s[0], "2", 1, 0), 1);
	WANT(recvmsg(s[1], &m, 0), 3);
	CHECK(m.msg_flags & MSG_TRUNC);
	WANT(recv(s[1], big, 100, 0), 1);
	close(s[0]);
	WANT(recv(s[1], big, 1, 0), 0);
	FAILS(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	close(s[1]);
}

static void credentials(void)
{
	int s[2], on = 1;
	char control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(4)];
	struct iovec iov = { big, 10 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *c;
	struct ucred who = { 0 };

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	WANT(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
	NEED(write(s[0], "x", 1));
	WANT(recvmsg(s[1], &m, 0), 1);
	c = CMSG_FIRSTHDR(&m);
	CHECK(c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS);
	if (c)
		memcpy(&who, CMSG_DATA(c), sizeof who);
	CHECK(who.pid == getpid() && who.uid == getuid());
	close(s[0]);
	close(s[1]);
}

static int pass(int through, int fd)
{
	char control[CMSG_SPACE(4)] = "";
	struct iovec iov = { "f", 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(4);
	memcpy(CMSG_DATA(c), &fd, 4);
	return sendmsg(through, &m, 0);
}

static int count_sockets(void)
{
	char line[256];
	int n = 0;
	FILE *f = fopen("/proc/net/unix", "r");

	while (f && fgets(line, sizeof line, f))
		n++;
	if (f)
		fclose(f);
	return n;
}

/* Descriptors in flight that only reach each other are collected. */
static void cycles(void)
{
	int before = count_sockets(), s[2], p[2];
	char c;

	NEED(pipe(p));
	for (int i = 0; i < 20; i++) {
		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
		NEED(pass(s[0], s[1]));
		NEED(pass(s[1], s[0]));
		NEED(pass(s[0], p[1]));
		close(s[0]);
		close(s[1]);
	}
	close(p[1]);
	/* The pipe's writing end was in there, too. */
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	close(s[0]);
	close(s[1]);
	struct pollfd f = { p[0], POLLIN, 0 };
	WANT(poll(&f, 1, 3000), 1);
	WANT(read(p[0], &c, 1), 0);
	for (int i = 0; i < 100 && count_sockets() > before; i++)
		sleep_ms(20);
	CHECK(count_sockets() <= before);
	close(p[0]);
	/* A long chain unwinds without deep recursion. */
	int last = NEED(open("/dev/null", O_RDONLY));
	for (int i = 0; i < 60; i++) {
		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
		if (pass(s[0], last) != 1) {
			close(s[0]);
			close(s[1]);
			break;
		}
		close(last);
		close(s[0]);
		last = s[1];
	}
	close(last);
}

int main(void)
{
	names();
	backlog();
	streams();
	datagrams();
	packets();
	credentials();
	cycles();
	return done();
}
