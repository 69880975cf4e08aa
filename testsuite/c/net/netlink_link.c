/*
 * RTM_GETLINK: a dump ends with NLMSG_DONE, one interface is found by index or by
 * name; what is not there is ENODEV (rtnetlink(7)).
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

struct seen {
	int count, lo, multi;
	struct ifinfomsg info;
	unsigned mtu;
};

static void see(struct nlmsghdr *m, void *context)
{
	struct seen *seen = context;
	struct rtattr *name = nl_get(m, sizeof seen->info, IFLA_IFNAME);

	WANT(m->nlmsg_type, RTM_NEWLINK);
	seen->count++;
	seen->multi += !!(m->nlmsg_flags & NLM_F_MULTI);
	if (!name || strcmp(RTA_DATA(name), "lo"))
		return;
	seen->lo++;
	seen->info = *(struct ifinfomsg *)NLMSG_DATA(m);
	seen->mtu = *(unsigned *)RTA_DATA(nl_get(m, sizeof seen->info, IFLA_MTU));
	CHECK(nl_get(m, sizeof seen->info, IFLA_ADDRESS) != NULL);
	CHECK(nl_get(m, sizeof seen->info, IFLA_STATS64) != NULL);
	CHECK(nl_get(m, sizeof seen->info, IFLA_QDISC) != NULL);
}

int main(void)
{
	int fd = nl_open(NETLINK_ROUTE);
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct seen seen = { 0 };
	struct nl_request r;

	WANT(nl_dump(fd, RTM_GETLINK, &info, sizeof info, see, &seen), 0);
	WANT(seen.lo, 1);
	WANT(seen.multi, seen.count);
	WANT(seen.info.ifi_index, 1);
	WANT(seen.info.ifi_type, 772 /* ARPHRD_LOOPBACK */);
	WANT(seen.info.ifi_flags & 0x1000b, 0x10009 /* LOWER_UP, LOOPBACK, UP */);
	CHECK(seen.mtu >= 1500);

	memset(&seen, 0, sizeof seen);
	info.ifi_index = 1;
	r = nl_begin(RTM_GETLINK, 0, &info, sizeof info);
	nl_send(fd, &r);
	WANT(nl_each(fd, see, &seen), 0);
	WANT(seen.lo, 1);
	WANT(seen.multi, 0);

	memset(&seen, 0, sizeof seen);
	info.ifi_index = 0;
	r = nl_begin(RTM_GETLINK, 0, &info, sizeof info);
	nl_put(&r, IFLA_IFNAME, "lo", 3);
	nl_send(fd, &r);
	WANT(nl_each(fd, see, &seen), 0);
	WANT(seen.lo, 1);

	r = nl_begin(RTM_GETLINK, 0, &info, sizeof info);
	nl_put(&r, IFLA_IFNAME, "nosuch", 7);
	nl_send(fd, &r);
	WANT(nl_error(fd), ENODEV);
	r = nl_begin(RTM_GETLINK, 0, &info, sizeof info);
	nl_send(fd, &r);
	WANT(nl_error(fd), EINVAL);
	info.ifi_index = 60000;
	r = nl_begin(RTM_GETLINK, 0, &info, sizeof info);
	nl_send(fd, &r);
	WANT(nl_error(fd), ENODEV);
	return done();
}
