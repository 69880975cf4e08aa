/*
 * Who is at the other side, by descriptor and by groups: SO_PEERPIDFD, SO_PASSPIDFD with SCM_PIDFD, SO_PEERGROUPS. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
/* musl's CMSG_NXTHDR compares signed with unsigned. */
#pragma GCC diagnostic ignored "-Wsign-compare"

#include "net.h"

#include <grp.h>

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/* The "Pid:" line of /proc/self/fdinfo. */
static int pid_behind(int fd)
{
	char name[64], line[128];
	int pid = -2;
	FILE *file;

	snprintf(name, sizeof name, "/proc/self/fdinfo/%d", fd);
	file = fopen(name, "r");
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "Pid: %d", &pid) == 1)
			break;
	if (file)
		fclose(file);
	return pid;
}

/* Receives one byte; the descriptor of SCM_PIDFD, -1 without one, or what stands there where there is none. */
static int received(int fd, int flags, int *truncated)
{
	union { char room[256]; struct cmsghdr align; } control = { 0 };
	char byte;
	struct iovec io = { &byte, 1 };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = truncated ? (size_t)*truncated : sizeof control };
	struct cmsghdr *item;
	int got = -1;

	NEED(recvmsg(fd, &message, flags));
	for (item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item))
		if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_PIDFD)
			memcpy(&got, CMSG_DATA(item), sizeof got);
	if (truncated)
		*truncated = message.msg_flags & MSG_CTRUNC;
	return got;
}

static void passed(int type)
{
	int s[2], on = 1, value = 7, fd, room;
	socklen_t length = sizeof value;

	NEED(socketpair(AF_UNIX, type, 0, s));
	WANT(getsockopt(s[1], SOL_SOCKET, SO_PASSPIDFD, &value, &length), 0);
	WANT(value, 0);
	WANT(setsockopt(s[1], SOL_SOCKET, SO_PASSPIDFD, &on, sizeof on), 0);
	WANT(getsockopt(s[1], SOL_SOCKET, SO_PASSPIDFD, &value, &length), 0);
	WANT(value, 1);
	NEED(send(s[0], "x", 1, 0));
	fd = received(s[1], 0, NULL);
	CHECK(fd >= 0);
	WANT(pid_behind(fd), getpid());
	WANT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	/* Another process sends. */
	fflush(stdout);
	if (NEED(fork()) == 0) {
		send(s[0], "x", 1, 0);
		_exit(0);
	}
	sleep_ms(50);
	fd = received(s[1], 0, NULL);
	CHECK(fd >= 0);
	CHECK(pid_behind(fd) > 0 && pid_behind(fd) != getpid());
	close(fd);
	NEED(wait(NULL));
	/* Sent by somebody who is reaped: the descriptor is there, of nobody. */
	if (NEED(fork()) == 0) {
		send(s[0], "x", 1, 0);
		_exit(0);
	}
	NEED(wait(NULL));
	fd = received(s[1], 0, NULL);
	CHECK(fd >= 0);
	WANT(pid_behind(fd), -1);
	close(fd);
	/* No room for it: it is not made. */
	NEED(send(s[0], "x", 1, 0));
	room = 8;
	WANT(received(s[1], 0, &room), -1);
	WANT(room, MSG_CTRUNC);
	close(s[0]);
	close(s[1]);
}

static void peer(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(int), name_length = sizeof name;
	int s[2], fd = -1, listener, client, server;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	WANT(getsockopt(s[1], SOL_SOCKET, SO_PEERPIDFD, &fd, &length), 0);
	WANT(length, (socklen_t)sizeof(int));
	WANT(pid_behind(fd), getpid());
	WANT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	length = 100;
	FAILS(setsockopt(s[1], SOL_SOCKET, SO_PEERPIDFD, &fd, sizeof fd), ENOPROTOOPT);
	close(s[0]);
	length = sizeof fd;
	WANT(getsockopt(s[1], SOL_SOCKET, SO_PEERPIDFD, &fd, &length), 0);
	close(fd);
	close(s[1]);

	client = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	FAILS(getsockopt(client, SOL_SOCKET, SO_PEERPIDFD, &fd, &length), ENODATA);
	listener = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	NEED(bind(listener, (struct sockaddr *)&name, sizeof name.sun_family));
	NEED(getsockname(listener, (struct sockaddr *)&name, &name_length));
	NEED(listen(listener, 1));
	fflush(stdout);
	if (NEED(fork()) == 0) {
		connect(client, (struct sockaddr *)&name, name_length);
		_exit(0);
	}
	server = NEED(accept(listener, NULL, NULL));
	NEED(wait(NULL));
	/* Who connected is gone; there is still a descriptor of it. */
	WANT(getsockopt(server, SOL_SOCKET, SO_PEERPIDFD, &fd, &length), 0);
	WANT(pid_behind(fd), -1);
	close(fd);
	WANT(getsockopt(client, SOL_SOCKET, SO_PEERPIDFD, &fd, &length), 0);
	WANT(pid_behind(fd), getpid());
	close(fd);
	close(client);
	close(server);
	close(listener);
	client = NEED(socket(AF_INET, SOCK_STREAM, 0));
	FAILS(getsockopt(client, SOL_SOCKET, SO_PEERPIDFD, &fd, &length), ENODATA);
	FAILS(setsockopt(client, SOL_SOCKET, SO_PASSPIDFD, &fd, sizeof fd), EOPNOTSUPP);
	FAILS(getsockopt(client, SOL_SOCKET, SO_PASSPIDFD, &fd, &length), EOPNOTSUPP);
	close(client);
}

static void groups(void)
{
	gid_t mine[3] = { 10, 20, 30 }, got[8] = { 0 };
	socklen_t length = sizeof got;
	int s[2], fd;

	if (setgroups(3, mine) < 0)
		return;
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(setgroups(0, NULL));
	WANT(getsockopt(s[0], SOL_SOCKET, SO_PEERGROUPS, got, &length), 0);
	WANT(length, sizeof mine);
	CHECK(memcmp(got, mine, sizeof mine) == 0);
	length = 4;
	FAILS(getsockopt(s[0], SOL_SOCKET, SO_PEERGROUPS, got, &length), ERANGE);
	WANT(length, sizeof mine);
	FAILS(setsockopt(s[0], SOL_SOCKET, SO_PEERGROUPS, got, sizeof mine), ENOPROTOOPT);
	close(s[0]);
	close(s[1]);
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	length = 0;
	WANT(getsockopt(s[0], SOL_SOCKET, SO_PEERGROUPS, got, &length), 0);
	WANT(length, 0);
	close(s[0]);
	close(s[1]);
	fd = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	FAILS(getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, got, &length), ENODATA);
	close(fd);
}

int main(void)
{
	passed(SOCK_STREAM);
	passed(SOCK_DGRAM);
	passed(SOCK_SEQPACKET);
	peer();
	groups();
	return done();
}
