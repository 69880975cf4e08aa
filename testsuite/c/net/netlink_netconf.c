/*
 * RTM_GETNETCONF: what an interface, all of them and those to come are set to, asked for one by one and as a dump.
 * rtnetlink(7), Linux's netconf.h; ip-netconf(8).
 * Agrees: Linux 7.2.
 */
#include "link.h"

#include <linux/netconf.h>

#define HEAD NLMSG_ALIGN(sizeof(struct netconfmsg))

struct seen {
	int count, order[8], forwarding[8], attributes[8], family[8];
};

static void see(struct nlmsghdr *m, void *context)
{
	struct seen *s = context;
	struct netconfmsg *head = NLMSG_DATA(m);
	struct rtattr *a = (void *)((char *)head + HEAD);
	int left = m->nlmsg_len - NLMSG_LENGTH(HEAD), bits = 0;

	if (m->nlmsg_type != RTM_NEWNETCONF || s->count == 8)
		return;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		bits |= 1 << a->rta_type;
		if (a->rta_type == NETCONFA_IFINDEX)
			s->order[s->count] = *(int *)RTA_DATA(a);
		if (a->rta_type == NETCONFA_FORWARDING)
			s->forwarding[s->count] = *(int *)RTA_DATA(a);
	}
	s->attributes[s->count] = bits;
	s->family[s->count++] = head->ncm_family;
}

static int ask(int family, int flags, int index, struct seen *seen)
{
	char head[4] = { family };
	struct nl_request r = nl_begin(RTM_GETNETCONF, flags, head, sizeof head);
	int fd = link_socket(), error;

	memset(seen, 0, sizeof *seen);
	if (index)
		nl_put_u32(&r, NETCONFA_IFINDEX, index);
	nl_send(fd, &r);
	error = nl_each(fd, see, seen);
	close(fd);
	return error;
}

int main(void)
{
	int v4 = 1 << NETCONFA_IFINDEX | 1 << NETCONFA_FORWARDING | 1 << NETCONFA_RP_FILTER | 1 << NETCONFA_MC_FORWARDING |
		1 << NETCONFA_BC_FORWARDING | 1 << NETCONFA_PROXY_NEIGH | 1 << NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN;
	int v6 = v4 & ~(1 << NETCONFA_RP_FILTER | 1 << NETCONFA_BC_FORWARDING);
	struct seen seen;
	int index;

	NEED(unshare(CLONE_NEWNET));
	NEED(link_veth("left", "right", 0) ? -1 : 0);
	index = if_nametoindex("left");
	NEED(sysctl_set("net/ipv4/conf/left/forwarding", "1"));

	WANT(ask(AF_INET, NLM_F_DUMP, 0, &seen), 0);
	WANT(seen.count, 5);
	WANT(seen.order[0], 1);
	WANT(seen.order[3], NETCONFA_IFINDEX_ALL);
	WANT(seen.order[4], NETCONFA_IFINDEX_DEFAULT);
	for (int i = 0; i < 5; i++) {
		WANT(seen.family[i], AF_INET);
		WANT(seen.attributes[i], v4);
		WANT(seen.forwarding[i], seen.order[i] == index);
	}
	WANT(ask(AF_INET6, NLM_F_DUMP, 0, &seen), 0);
	WANT(seen.count, 5);
	WANT(seen.attributes[0], v6);
	WANT(seen.family[0], AF_INET6);
	WANT(ask(AF_UNSPEC, NLM_F_DUMP, 0, &seen), 0);
	CHECK(seen.count == 8);

	WANT(ask(AF_INET, 0, index, &seen), 0);
	WANT(seen.count, 1);
	WANT(seen.forwarding[0], 1);
	WANT(ask(AF_INET, 0, NETCONFA_IFINDEX_ALL, &seen), 0);
	WANT(seen.order[0], NETCONFA_IFINDEX_ALL);
	WANT(ask(AF_INET6, 0, NETCONFA_IFINDEX_DEFAULT, &seen), 0);
	WANT(seen.order[0], NETCONFA_IFINDEX_DEFAULT);
	WANT(ask(AF_INET, 0, 0, &seen), EINVAL);
	WANT(ask(AF_INET6, 0, 0, &seen), EINVAL);
	WANT(ask(AF_INET, 0, 4711, &seen), ENODEV);
	WANT(ask(AF_INET6, 0, 4711, &seen), EINVAL);
	WANT(ask(AF_UNSPEC, 0, index, &seen), EOPNOTSUPP);
	return done();
}
