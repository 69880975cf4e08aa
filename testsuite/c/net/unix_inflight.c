/*
 * Descriptors on their way (SCM_RIGHTS): how many there may be (ETOOMANYREFS), and that those which nobody
 * can receive any more are closed: a socket sent through itself, two through each other, one in a backlog. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <sys/resource.h>

static int send_fd(int to, int fd)
{
	union { char room[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control = { 0 };
	struct iovec io = { "x", 1 };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct cmsghdr *item = CMSG_FIRSTHDR(&message);

	item->cmsg_level = SOL_SOCKET;
	item->cmsg_type = SCM_RIGHTS;
	item->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(item), &fd, sizeof fd);
	return sendmsg(to, &message, MSG_DONTWAIT);
}

/* The writing end of a pipe waits somewhere: whether it is closed within a second or two. */
static int closed(int reader)
{
	struct pollfd p = { reader, 0, 0 };

	return poll(&p, 1, 5000) == 1 && p.revents == POLLHUP;
}

/* The collection begins when a socket is closed, or when one is sent. */
static void nudge(void)
{
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(send_fd(s[0], s[0]));
	close(s[0]);
	close(s[1]);
}

static void through_itself(void)
{
	int s[2], p[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(pipe(p));
	NEED(send_fd(s[0], p[1]));
	NEED(send_fd(s[0], s[1]));
	NEED(send_fd(s[1], s[0]));
	close(p[1]);
	close(s[0]);
	close(s[1]);
	nudge();
	CHECK(closed(p[0]));
	close(p[0]);
}

static void through_each_other(int type)
{
	int a[2], b[2], p[2];

	NEED(socketpair(AF_UNIX, type, 0, a));
	NEED(socketpair(AF_UNIX, type, 0, b));
	NEED(pipe(p));
	NEED(send_fd(a[0], p[1]));
	NEED(send_fd(a[0], b[1]));
	NEED(send_fd(b[0], a[1]));
	close(p[1]);
	close(a[0]);
	close(a[1]);
	close(b[0]);
	/* b[1] is still in hand: nothing is lost. */
	nudge();
	struct pollfd still = { p[0], 0, 0 };
	WANT(poll(&still, 1, 50), 0);
	close(b[1]);
	nudge();
	CHECK(closed(p[0]));
	close(p[0]);
}

/* Sent over a connection that was never accepted to a listener that is sent over it. */
static void in_a_backlog(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length = sizeof name;
	int listener = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), client = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), p[2];

	NEED(bind(listener, (struct sockaddr *)&name, sizeof name.sun_family));
	NEED(getsockname(listener, (struct sockaddr *)&name, &length));
	NEED(listen(listener, 1));
	NEED(connect(client, (struct sockaddr *)&name, length));
	NEED(pipe(p));
	NEED(send_fd(client, p[1]));
	NEED(send_fd(client, listener));
	close(p[1]);
	close(client);
	close(listener);
	nudge();
	CHECK(closed(p[0]));
	close(p[0]);
}

/* An epoll that watches a socket keeps nothing open; one that is sent is not looked into. */
static void watched(void)
{
	int s[2], p[2], e = NEED(epoll_create1(0));
	struct epoll_event event = { .events = EPOLLIN };

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(epoll_ctl(e, EPOLL_CTL_ADD, s[1], &event));
	NEED(pipe(p));
	NEED(send_fd(s[0], p[1]));
	NEED(send_fd(s[0], e));
	NEED(send_fd(s[0], s[1]));
	NEED(send_fd(s[1], s[0]));
	close(p[1]);
	close(e);
	close(s[0]);
	close(s[1]);
	nudge();
	CHECK(closed(p[0]));
	close(p[0]);
}

/* More than RLIMIT_NOFILE of one user, who may not override it. */
static void too_many(void)
{
	struct rlimit limit = { 32, 32 };
	int s[2], sent = 0, byte;

	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	if (getuid() == 0) {
		NEED(setgid(4321));
		NEED(setuid(4321));
	}
	NEED(setrlimit(RLIMIT_NOFILE, &limit));
	while (sent < 100 && send_fd(s[sent & 1], 0) == 1)
		sent++;
	if (errno == EAGAIN) {
		/* The queue was full first. */
		sent = -1;
	}
	if (sent != 33 || errno != ETOOMANYREFS)
		_exit(sent == -1 ? 2 : 1);
	/* One arrives, and another may go. */
	if (recv(s[1], &byte, 1, 0) != 1 || send_fd(s[0], 0) != 1 || send_fd(s[0], 0) != -1)
		_exit(3);
	_exit(0);
}

int main(void)
{
	through_itself();
	through_each_other(SOCK_STREAM);
	through_each_other(SOCK_DGRAM);
	through_each_other(SOCK_SEQPACKET);
	in_a_backlog();
	watched();
	WANT(in_child(too_many), 0);
	return done();
}
