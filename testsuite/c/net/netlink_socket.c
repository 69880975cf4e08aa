/*
 * AF_NETLINK sockets: types, protocols, addresses, and the calls that they lack (netlink(7)).
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

static struct sockaddr_nl name(int fd)
{
	struct sockaddr_nl a = { 0 };
	socklen_t length = sizeof a;

	NEED(getsockname(fd, (void *)&a, &length));
	WANT(length, sizeof a);
	return a;
}

int main(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK }, peer;
	socklen_t length = sizeof peer;
	int fd, other, pair[2];

	FAILS(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE), ESOCKTNOSUPPORT);
	FAILS(socket(AF_NETLINK, SOCK_SEQPACKET, NETLINK_ROUTE), ESOCKTNOSUPPORT);
	FAILS(socket(AF_NETLINK, SOCK_RAW, 1000), EPROTONOSUPPORT);
	FAILS(socketpair(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, pair), EOPNOTSUPP);
	fd = NEED(socket(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE));
	WANT(get_int(fd, SOL_SOCKET, SO_DOMAIN), AF_NETLINK);
	WANT(get_int(fd, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	WANT(get_int(fd, SOL_SOCKET, SO_PROTOCOL), NETLINK_ROUTE);

	/* Unbound it has no number; bind picks the process id for the first, another for the second. */
	WANT(name(fd).nl_pid, 0);
	WANT(bind(fd, (void *)&a, sizeof a), 0);
	WANT(name(fd).nl_pid, (unsigned)getpid());
	other = NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	a.nl_pid = getpid();
	FAILS(bind(other, (void *)&a, sizeof a), EADDRINUSE);
	a.nl_pid = 0;
	WANT(bind(other, (void *)&a, sizeof a), 0);
	CHECK(name(other).nl_pid != 0 && name(other).nl_pid != (unsigned)getpid());
	a.nl_pid = 4711;
	FAILS(bind(fd, (void *)&a, sizeof a), EINVAL);
	a.nl_pid = 0;
	FAILS(bind(fd, (void *)&a, sizeof a), EINVAL);
	a.nl_pid = getpid();
	a.nl_groups = RTMGRP_LINK;
	WANT(bind(fd, (void *)&a, sizeof a), 0);
	WANT(name(fd).nl_groups, RTMGRP_LINK);
	WANT(name(fd).nl_pid, (unsigned)getpid());
	close(other);

	/* Another protocol has numbers of its own. */
	other = NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC));
	a.nl_groups = 0;
	a.nl_pid = getpid();
	WANT(bind(other, (void *)&a, sizeof a), 0);

	FAILS(bind(other, (void *)&a, sizeof a - 1), EINVAL);
	a.nl_family = AF_INET;
	FAILS(bind(other, (void *)&a, sizeof a), EINVAL);
	FAILS(connect(other, (void *)&a, sizeof a), EINVAL);
	a.nl_family = AF_NETLINK;
	a.nl_pid = 0;
	WANT(connect(other, (void *)&a, sizeof a), 0);
	WANT(getpeername(other, (void *)&peer, &length), 0);
	WANT(peer.nl_pid, 0);
	FAILS(listen(other, 1), EOPNOTSUPP);
	FAILS(accept(other, NULL, NULL), EOPNOTSUPP);
	FAILS(shutdown(other, SHUT_RDWR), EOPNOTSUPP);
	FAILS(send(other, "", 0, 0), ENODATA);
	FAILS(recv(other, &a, sizeof a, MSG_DONTWAIT), EAGAIN);
	FAILS(recv(other, &a, sizeof a, MSG_DONTWAIT | MSG_OOB), EOPNOTSUPP);
	FAILS(send(other, &a, sizeof a, MSG_OOB), EOPNOTSUPP);
	return done();
}
