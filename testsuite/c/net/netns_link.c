/*
 * Interfaces that are made, renamed, moved to another namespace and removed; what cannot is refused
 * (rtnetlink(7), ip-link(8)).
 * Agrees: Linux 6.18, 7.2.
 */
#include "link.h"

static int del_message;

int main(void)
{
	struct space there;
	struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	struct sockaddr_nl kobject = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	char buffer[8192];
	int watch, events, length, index;

	NEED(unshare(CLONE_NEWNET));
	there = space_new();
	watch = nl_open(NETLINK_ROUTE);
	NEED(bind(watch, (void *)&group, sizeof group));
	events = nl_open(NETLINK_KOBJECT_UEVENT);
	NEED(bind(events, (void *)&kobject, sizeof kobject));

	WANT(link_veth("blind", "bat", 0), 0);
	WANT(link_veth("blind", "mole", 0), EEXIST);
	WANT(if_nametoindex("mole"), 0);
	index = if_nametoindex("blind");
	CHECK(index > 1);
	length = recv(watch, buffer, sizeof buffer, 0);
	CHECK(length > 0 && ((struct nlmsghdr *)buffer)->nlmsg_type == RTM_NEWLINK);
	length = recv(events, buffer, sizeof buffer - 1, 0);
	buffer[length > 0 ? length : 0] = 0;
	CHECK(!strncmp(buffer, "add@/devices/virtual/net/", 25));

	WANT(link_state("blind") & (IFF_BROADCAST | IFF_MULTICAST | IFF_NOARP | IFF_UP), IFF_BROADCAST | IFF_MULTICAST);
	WANT(link_up("blind"), 0);
	WANT(addr_add("blind", "10.7.0.1", 24), 0);
	WANT(link_rename("blind", "lo"), EEXIST);
	WANT(link_rename("blind", "deaf"), 0);
	WANT((int)if_nametoindex("deaf"), index);
	WANT((int)if_nametoindex("blind"), 0);
	WANT(link_move("lo", there.pid), EINVAL);
	WANT(link_move("deaf", 999999), ESRCH);
	WANT(link_move("deaf", there.pid), 0);
	WANT((int)if_nametoindex("deaf"), 0);
	/* The last message about it here says that it is gone. */
	while (length = recv(watch, buffer, sizeof buffer, MSG_DONTWAIT), length > 0)
		del_message = ((struct nlmsghdr *)buffer)->nlmsg_type == RTM_DELLINK;
	WANT(del_message, 1);
	space_enter(&there);
	WANT((int)if_nametoindex("deaf"), index);
	/* Down, without its address. */
	WANT(link_state("deaf") & IFF_UP, 0);
	WANT(addr_add("deaf", "10.7.0.1", 24), 0);
	WANT(link_del("deaf"), 0);
	WANT(link_del("lo"), EOPNOTSUPP);
	space_leave();
	/* The other end went with it; the name is free, the number is not given again at once. */
	WANT(if_nametoindex("bat"), 0);
	WANT(link_veth("deaf", "bat", 0), 0);
	CHECK((int)if_nametoindex("deaf") > index);
	space_end(&there);
	return done();
}
