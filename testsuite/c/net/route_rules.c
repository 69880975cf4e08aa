/*
 * Policy rules: routes in a table of their own, for packets from an address, with a mark, or to a
 * network; rules that refuse (ip-rule(8), rtnetlink(7), SO_MARK in socket(7)).
 * Agrees: Linux 6.18, 7.2.
 */
#include "link.h"

#include <linux/fib_rules.h>

struct rule {
	const char *from, *to;
	int from_length, to_length, mark, action, table, priority;
};

static int change(int type, const struct rule *rule)
{
	struct fib_rule_hdr head = { .family = AF_INET, .src_len = rule->from_length, .dst_len = rule->to_length,
		.action = rule->action, .table = rule->table };
	struct nl_request r = nl_begin(type, NLM_F_ACK | (type == RTM_NEWRULE ? NLM_F_CREATE | NLM_F_EXCL : 0), &head,
		sizeof head);

	if (rule->from)
		put_address(&r, FRA_SRC, rule->from);
	if (rule->to)
		put_address(&r, FRA_DST, rule->to);
	if (rule->mark)
		nl_put_u32(&r, FRA_FWMARK, rule->mark);
	if (rule->priority)
		nl_put_u32(&r, FRA_PRIORITY, rule->priority);
	return link_ask(&r);
}

static void count(struct nlmsghdr *m, void *context)
{
	int *priorities = context;
	struct rtattr *a = nl_get(m, sizeof(struct fib_rule_hdr), FRA_PRIORITY);

	for (int i = 0; i < 15; i++)
		if (priorities[i] < 0) {
			priorities[i] = a ? *(int *)RTA_DATA(a) : 0;
			break;
		}
}

/* The address from which `to` would be sent to, with a mark and from an address where that is given; or -errno. */
static int from_where(const char *to, int mark, const char *bound)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(9) }, own = { .sin_family = AF_INET };
	socklen_t length = sizeof own;
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), got;

	if (mark)
		NEED(setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark));
	if (bound) {
		inet_pton(AF_INET, bound, &own.sin_addr);
		NEED(bind(fd, (void *)&own, sizeof own));
	}
	inet_pton(AF_INET, to, &sa.sin_addr);
	got = connect(fd, (void *)&sa, sizeof sa) ? -errno : 0;
	if (!got) {
		NEED(getsockname(fd, (void *)&own, &length));
		got = ntohl(own.sin_addr.s_addr) >> 16 & 0xff;
	}
	close(fd);
	return got;
}

int main(void)
{
	struct space there;
	struct rule marked = { .mark = 7, .action = FR_ACT_TO_TBL, .table = 100 };
	struct rule sourced = { .from = "10.2.0.1", .from_length = 32, .action = FR_ACT_TO_TBL, .table = 100 };
	struct rule closed = { .to = "9.9.9.0", .to_length = 24, .action = FR_ACT_PROHIBIT, .priority = 50 };
	struct rule lost = { .to = "9.9.8.0", .to_length = 24, .action = FR_ACT_UNREACHABLE, .priority = 51 };
	struct rule hole = { .to = "9.9.7.0", .to_length = 24, .action = FR_ACT_BLACKHOLE, .priority = 52 };
	int priorities[16], fd;
	struct fib_rule_hdr head = { .family = AF_INET };

	NEED(unshare(CLONE_NEWNET));
	there = space_new();
	WANT(link_veth("l1", "p1", there.pid), 0);
	WANT(link_veth("l2", "p2", there.pid), 0);
	WANT(link_up("l1"), 0);
	WANT(link_up("l2"), 0);
	WANT(addr_add("l1", "10.1.0.1", 24), 0);
	WANT(addr_add("l2", "10.2.0.1", 24), 0);
	space_enter(&there);
	WANT(link_up("p1"), 0);
	WANT(link_up("p2"), 0);
	space_leave();
	WANT(link_becomes("l1", IFF_RUNNING, IFF_RUNNING), 1);
	WANT(link_becomes("l2", IFF_RUNNING, IFF_RUNNING), 1);
	WANT(route_change(RTM_NEWROUTE, "0.0.0.0", 0, "10.1.0.2", NULL, RT_TABLE_MAIN), 0);
	WANT(route_change(RTM_NEWROUTE, "8.8.8.0", 24, "10.2.0.2", NULL, 100), 0);
	WANT(route_change(RTM_NEWROUTE, "8.8.8.0", 24, "10.2.0.2", NULL, 100), EEXIST);

	WANT(from_where("8.8.8.8", 0, NULL), 1);
	WANT(from_where("8.8.8.8", 7, NULL), 1);
	WANT(change(RTM_NEWRULE, &marked), 0);
	WANT(from_where("8.8.8.8", 0, NULL), 1);
	WANT(from_where("8.8.8.8", 7, NULL), 2);
	WANT(from_where("8.8.8.8", 6, NULL), 1);
	/* Not in table 100: the next rule. */
	WANT(from_where("8.8.9.9", 7, NULL), 1);
	WANT(change(RTM_NEWRULE, &sourced), 0);
	WANT(from_where("8.8.8.8", 0, "10.2.0.1"), 2);
	WANT(change(RTM_NEWRULE, &closed), 0);
	WANT(change(RTM_NEWRULE, &closed), EEXIST);
	WANT(change(RTM_NEWRULE, &lost), 0);
	WANT(change(RTM_NEWRULE, &hole), 0);
	WANT(from_where("9.9.9.9", 0, NULL), -EACCES);
	WANT(from_where("9.9.8.9", 0, NULL), -ENETUNREACH);
	WANT(from_where("9.9.7.9", 0, NULL), -EINVAL);

	memset(priorities, -1, sizeof priorities);
	fd = link_socket();
	WANT(nl_dump(fd, RTM_GETRULE, &head, sizeof head, count, priorities), 0);
	WANT(priorities[0], 0);
	WANT(priorities[1], 50);
	WANT(priorities[2], 51);
	WANT(priorities[3], 52);
	/* Without a priority: in front of the first that there was. */
	WANT(priorities[4], 32764);
	WANT(priorities[5], 32765);
	WANT(priorities[6], 32766);
	WANT(priorities[7], 32767);
	WANT(priorities[8], -1);

	WANT(change(RTM_DELRULE, &marked), 0);
	WANT(change(RTM_DELRULE, &marked), ENOENT);
	WANT(from_where("8.8.8.8", 7, NULL), 1);
	WANT(change(RTM_DELRULE, &closed), 0);
	WANT(from_where("9.9.9.9", 0, NULL), 1);
	WANT(route_change(RTM_DELROUTE, "8.8.8.0", 24, NULL, NULL, RT_TABLE_MAIN), ESRCH);
	WANT(route_change(RTM_DELROUTE, "8.8.8.0", 24, NULL, NULL, 100), 0);
	WANT(from_where("8.8.8.8", 0, "10.2.0.1"), 2);
	space_end(&there);
	return done();
}
