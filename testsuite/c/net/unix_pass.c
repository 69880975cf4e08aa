/*
 * What comes with the bytes of AF_UNIX sockets, and what does not: SO_PASSRIGHTS, SO_INQ with SCM_INQ, SO_PASSCRED. unix(7).
 * SO_INQ and SO_PASSRIGHTS are of Linux 6.16 and 6.17. Agrees: Linux 6.18, 7.2.
 */
/* musl's CMSG_NXTHDR compares signed with unsigned. */
#pragma GCC diagnostic ignored "-Wsign-compare"

#include "net.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#ifndef SO_INQ
#define SO_INQ 84
#define SCM_INQ SO_INQ
#endif

struct got {
	ssize_t length;
	int flags, inq, rights, pid;
};

static struct got receive(int fd, size_t want, int flags)
{
	union { char room[256]; struct cmsghdr align; } control = { 0 };
	char bytes[64];
	struct iovec io = { bytes, want };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct cmsghdr *item;
	struct got got = { .inq = -1, .rights = -1, .pid = -1 };

	got.length = NEED(recvmsg(fd, &message, flags));
	got.flags = message.msg_flags;
	for (item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item)) {
		if (item->cmsg_type == SCM_INQ)
			memcpy(&got.inq, CMSG_DATA(item), 4);
		if (item->cmsg_type == SCM_RIGHTS)
			memcpy(&got.rights, CMSG_DATA(item), 4);
		if (item->cmsg_type == SCM_CREDENTIALS)
			memcpy(&got.pid, CMSG_DATA(item), 4);
	}
	return got;
}

static ssize_t send_fd(int to, int fd)
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

static int option(int fd, int name)
{
	int value = -1;
	socklen_t length = sizeof value;

	return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -errno;
}

static int set(int fd, int name, int value)
{
	return setsockopt(fd, SOL_SOCKET, name, &value, sizeof value);
}

static void rights(void)
{
	int s[2], p[2], fd;
	struct got got;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(pipe(p));
	WANT(option(s[1], SO_PASSRIGHTS), 1);
	WANT(send_fd(s[0], p[0]), 1);
	WANT(set(s[1], SO_PASSRIGHTS, 0), 0);
	WANT(option(s[1], SO_PASSRIGHTS), 0);
	FAILS(send_fd(s[0], p[0]), EPERM);
	/* What was on its way arrives. */
	got = receive(s[1], 10, 0);
	WANT(got.length, 1);
	CHECK(got.rights >= 0);
	close(got.rights);
	WANT(set(s[1], SO_PASSRIGHTS, 2), 0);
	WANT(option(s[1], SO_PASSRIGHTS), 1);
	WANT(send_fd(s[0], p[0]), 1);
	got = receive(s[1], 10, 0);
	CHECK(got.rights >= 0);
	close(got.rights);
	close(s[0]);
	close(s[1]);
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	WANT(set(s[1], SO_PASSRIGHTS, 0), 0);
	FAILS(send_fd(s[0], p[0]), EPERM);
	close(s[0]);
	close(s[1]);
	fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	WANT(option(fd, SO_PASSRIGHTS), -EOPNOTSUPP);
	FAILS(set(fd, SO_PASSRIGHTS, 0), EOPNOTSUPP);
	close(fd);
}

static void inq(void)
{
	int s[2], fd;
	struct got got;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	WANT(option(s[1], SO_INQ), -ENOPROTOOPT);
	WANT(set(s[1], SO_INQ, 1), 0);
	NEED(send(s[0], "abc", 3, 0));
	WANT(receive(s[1], 10, MSG_PEEK).inq, 3);
	got = receive(s[1], 10, 0);
	WANT(got.length, 3);
	WANT(got.inq, 0);
	FAILS(set(s[1], SO_INQ, 2), EINVAL);
	FAILS(set(s[1], SO_INQ, -1), EINVAL);
	close(s[0]);
	close(s[1]);
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	FAILS(set(s[1], SO_INQ, 1), ENOPROTOOPT);
	close(s[0]);
	close(s[1]);
	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	FAILS(set(s[1], SO_INQ, 1), ENOPROTOOPT);
	close(s[0]);
	close(s[1]);
	fd = NEED(socket(AF_INET, SOCK_STREAM, 0));
	FAILS(set(fd, SO_INQ, 1), ENOPROTOOPT);
	close(fd);
}

/* Accepted sockets have what the listener has. */
static void inherited(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length = sizeof name;
	int listener = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), client, server;

	NEED(bind(listener, (struct sockaddr *)&name, sizeof name.sun_family));
	NEED(getsockname(listener, (struct sockaddr *)&name, &length));
	WANT(length, sizeof name.sun_family + 6);
	NEED(set(listener, SO_PASSCRED, 1));
	NEED(set(listener, SO_PASSRIGHTS, 0));
	NEED(listen(listener, 1));
	client = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	NEED(connect(client, (struct sockaddr *)&name, length));
	NEED(send(client, "x", 1, 0));
	FAILS(send_fd(client, client), EPERM);
	server = NEED(accept(listener, NULL, NULL));
	WANT(option(server, SO_PASSCRED), 1);
	WANT(option(server, SO_PASSRIGHTS), 0);
	WANT(receive(server, 1, 0).pid, getpid());
	close(client);
	close(server);
	close(listener);
}

int main(void)
{
	rights();
	inq();
	inherited();
	return done();
}
