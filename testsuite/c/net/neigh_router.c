/*
 * A neighbour that forwards says that it is a router, and its entry has NTF_ROUTER; one that does not has not. RFC 4861
 * section 4.4, rtnetlink(7).
 * Agrees: Linux 7.2.
 */
#include "link.h"

#include <linux/neighbour.h>

static struct in6_addr asked;
static int flags, state;

static void see(struct nlmsghdr *m, void *context)
{
	struct ndmsg *n = NLMSG_DATA(m);
	struct rtattr *a = nl_get(m, sizeof *n, NDA_DST);

	(void)context;
	if (n->ndm_family == AF_INET6 && a && !memcmp(RTA_DATA(a), &asked, sizeof asked)) {
		flags = n->ndm_flags;
		state = n->ndm_state;
	}
}

/* The flags of the neighbour on the other side, after a datagram to it; -1 if it does not answer. */
static int ask(const char *address)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	int udp = NEED(socket(AF_INET6, SOCK_DGRAM, 0));

	inet_pton(AF_INET6, address, &to.sin6_addr);
	asked = to.sin6_addr;
	flags = -1;
	for (int i = 0; i < 50; i++) {
		struct ndmsg head = { .ndm_family = AF_INET6 };
		struct nl_request r = nl_begin(RTM_GETNEIGH, NLM_F_DUMP, &head, sizeof head);
		int fd = link_socket();

		sendto(udp, "x", 1, 0, (void *)&to, sizeof to);
		usleep(50000);
		state = 0;
		nl_send(fd, &r);
		NEED(nl_each(fd, see, NULL) ? -1 : 0);
		close(fd);
		if (state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE))
			break;
	}
	close(udp);
	return flags;
}

int main(void)
{
	struct space there;

	NEED(unshare(CLONE_NEWNET));
	there = space_new();
	NEED(link_veth("left", "right", there.pid) ? -1 : 0);
	NEED(link_veth("left2", "right2", there.pid) ? -1 : 0);
	space_enter(&there);
	NEED(sysctl_set("net/ipv6/conf/right/forwarding", "1"));
	NEED(link_up("right") | link_up("right2") ? -1 : 0);
	NEED(addr_add("right", "2001:db8:1::2", 64) | addr_add("right2", "2001:db8:2::2", 64) ? -1 : 0);
	space_leave();
	NEED(link_up("left") | link_up("left2") ? -1 : 0);
	NEED(addr_add("left", "2001:db8:1::1", 64) | addr_add("left2", "2001:db8:2::1", 64) ? -1 : 0);
	link_becomes("left2", IFF_RUNNING, IFF_RUNNING);
	WANT(ask("2001:db8:1::2"), NTF_ROUTER);
	WANT(ask("2001:db8:2::2"), 0);
	space_end(&there);
	return done();
}
