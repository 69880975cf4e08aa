/*
 * RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE: a route has effect at once; NLM_F_EXCL,
 * NLM_F_CREATE and NLM_F_REPLACE; lookups (rtnetlink(7), ip-route(8)).
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

static unsigned net, oif, table, type;

static int change(int fd, int what, int flags, int kind)
{
	struct rtmsg m = {
		.rtm_family = AF_INET, .rtm_dst_len = 24, .rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT, .rtm_scope = RT_SCOPE_LINK, .rtm_type = kind,
	};
	struct nl_request r = nl_begin(what, NLM_F_ACK | flags, &m, sizeof m);

	if (what == RTM_DELROUTE)
		m.rtm_scope = RT_SCOPE_NOWHERE;
	nl_put(&r, RTA_DST, &net, 4);
	if (kind == RTN_UNICAST)
		nl_put_u32(&r, RTA_OIF, 1);
	else
		((struct rtmsg *)NLMSG_DATA(&r.header))->rtm_scope = RT_SCOPE_UNIVERSE;
	nl_send(fd, &r);
	return nl_error(fd);
}

static void look(struct nlmsghdr *m, void *context)
{
	struct rtmsg *route = NLMSG_DATA(m);
	struct rtattr *out = nl_get(m, sizeof *route, RTA_OIF);

	(void)context;
	oif = out ? *(unsigned *)RTA_DATA(out) : 0;
	table = route->rtm_table;
	type = route->rtm_type;
}

static int lookup(int fd, unsigned addr)
{
	struct rtmsg m = { .rtm_family = AF_INET, .rtm_dst_len = 32 };
	struct nl_request r = nl_begin(RTM_GETROUTE, 0, &m, sizeof m);

	addr = htonl(addr);
	nl_put(&r, RTA_DST, &addr, 4);
	nl_send(fd, &r);
	return nl_each(fd, look, NULL);
}

int main(void)
{
	int fd = nl_open(NETLINK_ROUTE);

	net = htonl(0xcb007100); /* 203.0.113.0, RFC 5737 */
	WANT(lookup(fd, 0x7f000001), 0);
	WANT(oif, 1);
	WANT(type, RTN_LOCAL);
	WANT(table, RT_TABLE_MAIN);
	WANT(change(fd, RTM_NEWROUTE, 0, RTN_UNICAST), ENOENT);
	WANT(change(fd, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, RTN_UNICAST), 0);
	WANT(change(fd, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, RTN_UNICAST), EEXIST);
	WANT(lookup(fd, 0xcb007105), 0);
	WANT(oif, 1);
	WANT(type, RTN_UNICAST);
	WANT(change(fd, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, RTN_UNREACHABLE), 0);
	WANT(lookup(fd, 0xcb007105), EHOSTUNREACH);
	WANT(change(fd, RTM_NEWROUTE, NLM_F_REPLACE, RTN_PROHIBIT), 0);
	WANT(lookup(fd, 0xcb007105), EACCES);
	WANT(change(fd, RTM_NEWROUTE, NLM_F_REPLACE, RTN_BLACKHOLE), 0);
	WANT(lookup(fd, 0xcb007105), EINVAL);
	WANT(change(fd, RTM_DELROUTE, 0, RTN_BLACKHOLE), 0);
	WANT(change(fd, RTM_DELROUTE, 0, RTN_BLACKHOLE), ESRCH);
	return done();
}
