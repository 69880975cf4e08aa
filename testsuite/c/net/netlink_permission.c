/*
 * Everybody may ask and subscribe; changes need CAP_NET_ADMIN (netlink(7), capabilities(7)).
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

int main(void)
{
	struct ifinfomsg info = { .ifi_index = 1, .ifi_change = 1 };
	struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	struct sockaddr_nl other = { .nl_family = AF_NETLINK, .nl_pid = 4711 };
	struct nl_request r;
	int fd;

	NEED(setuid(65534));
	fd = nl_open(NETLINK_ROUTE);
	WANT(bind(fd, (void *)&group, sizeof group), 0);
	r = nl_begin(RTM_GETLINK, 0, &info, sizeof info);
	nl_send(fd, &r);
	WANT(nl_error(fd), 0);
	r = nl_begin(RTM_SETLINK, NLM_F_ACK, &info, sizeof info);
	nl_send(fd, &r);
	WANT(nl_error(fd), EPERM);
	r = nl_begin(RTM_NEWROUTE, NLM_F_CREATE, &info, sizeof info);
	nl_send(fd, &r);
	WANT(nl_error(fd), EPERM);
	FAILS(sendto(fd, &r, sizeof r, 0, (void *)&other, sizeof other), EPERM);
	FAILS(connect(fd, (void *)&other, sizeof other), EPERM);
	return done();
}
