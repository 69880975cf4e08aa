/*
 * recvmsg(2) on netlink: MSG_PEEK, MSG_TRUNC, a message that does not fit is cut,
 * the sender's address, NETLINK_PKTINFO (netlink(7)).
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

static void ask(int fd)
{
	struct ifinfomsg info = { .ifi_index = 1 };
	struct nl_request r = nl_begin(RTM_GETLINK, 0, &info, sizeof info);

	nl_send(fd, &r);
}

int main(void)
{
	int fd = nl_open(NETLINK_ROUTE), one = 1;
	struct sockaddr_nl from;
	char small[16], big[8192];
	_Alignas(struct cmsghdr) char control[64];
	struct iovec iov = { small, sizeof small };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1 };
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT };
	struct cmsghdr *c;
	ssize_t full;

	WANT(poll(&poll_fd, 1, 0), 1);
	WANT(poll_fd.revents, POLLOUT);
	ask(fd);
	WANT(poll(&poll_fd, 1, 0), 1);
	WANT(poll_fd.revents, POLLIN | POLLOUT);
	full = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
	CHECK(full > 500);
	WANT(recvmsg(fd, &m, MSG_PEEK), sizeof small);
	WANT(m.msg_flags, MSG_TRUNC);
	WANT(m.msg_namelen, sizeof from);
	WANT(from.nl_family, AF_NETLINK);
	WANT(from.nl_pid, 0);
	WANT(from.nl_groups, 0);
	WANT(recvmsg(fd, &m, MSG_TRUNC), full);
	FAILS(recv(fd, big, sizeof big, MSG_DONTWAIT), EAGAIN);

	NEED(setsockopt(fd, SOL_NETLINK, NETLINK_PKTINFO, &one, sizeof one));
	ask(fd);
	iov = (struct iovec){ big, sizeof big };
	m.msg_control = control;
	m.msg_controllen = sizeof control;
	WANT(recvmsg(fd, &m, 0), full);
	WANT(m.msg_flags, 0);
	c = CMSG_FIRSTHDR(&m);
	CHECK(c != NULL);
	if (c) {
		WANT(c->cmsg_level, SOL_NETLINK);
		WANT(c->cmsg_type, NETLINK_PKTINFO);
		WANT(*(unsigned *)CMSG_DATA(c), 0);
	}
	return done();
}
