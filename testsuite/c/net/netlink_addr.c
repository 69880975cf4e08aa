/*
 * RTM_NEWADDR and RTM_DELADDR: an address comes and goes, who subscribed hears of
 * it, and it can be bound to meanwhile (rtnetlink(7)).
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

static struct in_addr ours;

static void look(struct nlmsghdr *m, void *context)
{
	struct rtattr *local = nl_get(m, sizeof(struct ifaddrmsg), IFA_LOCAL);

	if (local && !memcmp(RTA_DATA(local), &ours, 4))
		++*(int *)context;
}

static int change(int fd, int type, int flags)
{
	struct ifaddrmsg m = { .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 1 };
	struct nl_request r = nl_begin(type, NLM_F_ACK | flags, &m, sizeof m);

	nl_put(&r, IFA_LOCAL, &ours, 4);
	nl_put(&r, IFA_ADDRESS, &ours, 4);
	nl_send(fd, &r);
	return nl_error(fd);
}

static int listed(int fd)
{
	struct ifaddrmsg m = { .ifa_family = AF_INET };
	int count = 0;

	WANT(nl_dump(fd, RTM_GETADDR, &m, sizeof m, look, &count), 0);
	return count;
}

/* The next notification about our address. */
static int heard(int fd)
{
	static char buffer[8192];
	struct nlmsghdr *m = (void *)buffer;
	int count = 0;

	while (!count) {
		struct sockaddr_nl from;
		struct iovec iov = { buffer, sizeof buffer };
		struct msghdr message = {
			.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1,
		};

		NEED(recvmsg(fd, &message, 0));
		WANT(from.nl_pid, 0);
		WANT(from.nl_groups, RTMGRP_IPV4_IFADDR);
		look(m, &count);
	}
	return m->nlmsg_type;
}

int main(void)
{
	struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR };
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = nl_open(NETLINK_ROUTE), monitor = nl_open(NETLINK_ROUTE), s;

	ours.s_addr = htonl(0xc6336407); /* 198.51.100.7, RFC 5737 */
	in.sin_addr = ours;
	NEED(bind(monitor, (void *)&group, sizeof group));
	s = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	FAILS(bind(s, (void *)&in, sizeof in), EADDRNOTAVAIL);
	WANT(listed(fd), 0);
	WANT(change(fd, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL), 0);
	WANT(heard(monitor), RTM_NEWADDR);
	WANT(listed(fd), 1);
	WANT(change(fd, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL), EEXIST);
	WANT(bind(s, (void *)&in, sizeof in), 0);
	WANT(change(fd, RTM_DELADDR, 0), 0);
	WANT(heard(monitor), RTM_DELADDR);
	WANT(listed(fd), 0);
	WANT(change(fd, RTM_DELADDR, 0), EADDRNOTAVAIL);
	return done();
}
