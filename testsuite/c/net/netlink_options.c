/*
 * SOL_NETLINK: group memberships and the switches (netlink(7), "Socket options").
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

static unsigned groups(int fd)
{
	struct sockaddr_nl a;
	socklen_t length = sizeof a;

	NEED(getsockname(fd, (void *)&a, &length));
	return a.nl_groups;
}

int main(void)
{
	static const int switches[] = {
		NETLINK_PKTINFO, NETLINK_BROADCAST_ERROR, NETLINK_NO_ENOBUFS, NETLINK_CAP_ACK,
		NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK,
	};
	int fd = nl_open(NETLINK_ROUTE), one = 1, group = RTNLGRP_IPV4_IFADDR;
	unsigned list[4] = { 0 };
	socklen_t length = sizeof list;

	for (unsigned i = 0; i < sizeof switches / sizeof *switches; i++) {
		WANT(get_int(fd, SOL_NETLINK, switches[i]), 0);
		WANT(setsockopt(fd, SOL_NETLINK, switches[i], &one, sizeof one), 0);
		WANT(get_int(fd, SOL_NETLINK, switches[i]), 1);
		/* Too short is off. */
		WANT(setsockopt(fd, SOL_NETLINK, switches[i], &one, 1), 0);
		WANT(get_int(fd, SOL_NETLINK, switches[i]), 0);
	}
	WANT(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group), 0);
	WANT(groups(fd), RTMGRP_IPV4_IFADDR);
	group = RTNLGRP_LINK;
	WANT(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group), 0);
	WANT(groups(fd), RTMGRP_IPV4_IFADDR | RTMGRP_LINK);
	WANT(getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, list, &length), 0);
	WANT(list[0], RTMGRP_IPV4_IFADDR | RTMGRP_LINK);
	WANT(setsockopt(fd, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof group), 0);
	WANT(groups(fd), RTMGRP_IPV4_IFADDR);
	group = 0;
	FAILS(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group), EINVAL);
	group = 1000;
	FAILS(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group), EINVAL);
	FAILS(setsockopt(fd, SOL_NETLINK, 99, &one, sizeof one), ENOPROTOOPT);
	FAILS(getsockopt(fd, SOL_NETLINK, 99, &one, &length), ENOPROTOOPT);
	length = sizeof one;
	FAILS(getsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &one, &length), ENOPROTOOPT);
	FAILS(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), ENOPROTOOPT);
	return done();
}
