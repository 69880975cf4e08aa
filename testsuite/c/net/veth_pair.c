/*
 * RTM_NEWLINK makes a veth with its other end in another namespace: a carrier when both ends are up,
 * UDP and TCP between them, both go with one (veth(4), rtnetlink(7)).
 * Agrees: Linux 6.18, 7.2.
 */
#include "link.h"

struct seen {
	int link, nsid, kind, operstate, carrier;
};

static void see(struct nlmsghdr *m, void *context)
{
	struct seen *seen = context;
	size_t head = sizeof(struct ifinfomsg);
	struct rtattr *a, *info = nl_get(m, head, IFLA_LINKINFO);

	memset(seen, 0, sizeof *seen);
	if ((a = nl_get(m, head, IFLA_LINK)))
		seen->link = *(int *)RTA_DATA(a);
	seen->nsid = (a = nl_get(m, head, IFLA_LINK_NETNSID)) ? *(int *)RTA_DATA(a) : -1;
	if ((a = nl_get(m, head, IFLA_OPERSTATE)))
		seen->operstate = *(unsigned char *)RTA_DATA(a);
	if ((a = nl_get(m, head, IFLA_CARRIER)))
		seen->carrier = *(unsigned char *)RTA_DATA(a);
	if (info) {
		a = RTA_DATA(info);
		seen->kind = a->rta_type == IFLA_INFO_KIND && !strcmp(RTA_DATA(a), "veth");
	}
}

static struct seen look(const char *name)
{
	struct nl_request r = link_begin(RTM_GETLINK, 0, name);
	struct seen seen = { 0 };
	int fd = link_socket();

	nl_send(fd, &r);
	WANT(nl_each(fd, see, &seen), 0);
	close(fd);
	return seen;
}

static struct sockaddr_in at(const char *address, int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, address, &sa.sin_addr);
	return sa;
}

static char text[100000];

int main(void)
{
	struct space there;
	struct sockaddr_in right = at("10.9.0.2", 4000), from;
	struct seen seen;
	socklen_t length = sizeof from;
	char got[8];
	int udp, tcp, listener, out, peer, index;
	size_t total = 0;

	NEED(unshare(CLONE_NEWNET));
	there = space_new();
	WANT(link_veth("left", "right", there.pid), 0);
	WANT(link_veth("left", "other", 0), EEXIST);
	index = if_nametoindex("left");
	CHECK(index > 1);
	WANT(if_nametoindex("right"), 0);
	seen = look("left");
	WANT(seen.kind, 1);
	WANT(seen.nsid, 0);
	WANT(seen.operstate, 2 /* IF_OPER_DOWN */);
	peer = seen.link;
	space_enter(&there);
	WANT(if_nametoindex("right"), peer);
	seen = look("right");
	WANT(seen.link, index);
	space_leave();

	/* One end up is no carrier yet. */
	WANT(link_up("left"), 0);
	WANT(link_state("left") & (IFF_UP | IFF_RUNNING), IFF_UP);
	seen = look("left");
	WANT(seen.carrier, 0);
	space_enter(&there);
	WANT(link_up("right"), 0);
	WANT(addr_add("right", "10.9.0.2", 24), 0);
	udp = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	NEED(bind(udp, (void *)&right, sizeof right));
	listener = NEED(socket(AF_INET, SOCK_STREAM, 0));
	NEED(bind(listener, (void *)&right, sizeof right));
	NEED(listen(listener, 1));
	space_leave();
	WANT(addr_add("left", "10.9.0.1", 24), 0);
	WANT(link_becomes("left", IFF_UP | IFF_RUNNING, IFF_UP | IFF_RUNNING), 1);
	seen = look("left");
	WANT(seen.carrier, 1);
	WANT(seen.operstate, 6 /* IF_OPER_UP */);

	out = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	WANT(sendto(out, "hello", 5, 0, (void *)&right, sizeof right), 5);
	WANT(recvfrom(udp, got, sizeof got, 0, (void *)&from, &length), 5);
	CHECK(from.sin_addr.s_addr == at("10.9.0.1", 0).sin_addr.s_addr);
	WANT(sendto(udp, "back", 4, 0, (void *)&from, sizeof from), 4);
	WANT(recv(out, got, sizeof got, 0), 4);

	tcp = NEED(socket(AF_INET, SOCK_STREAM, 0));
	WANT(connect(tcp, (void *)&right, sizeof right), 0);
	peer = accept(listener, NULL, NULL);
	CHECK(peer >= 0);
	memset(text, 'x', sizeof text);
	if (!NEED(fork())) {
		NEED(send(tcp, text, sizeof text, 0));
		_exit(0);
	}
	close(tcp);
	while (total < sizeof text) {
		ssize_t n = recv(peer, text, sizeof text, 0);

		if (n <= 0)
			break;
		total += n;
	}
	WANT((long)total, (long)sizeof text);
	wait(NULL);
	/* A connection that cannot end would hold its namespace. */
	close(peer);
	/* A service on the other side's lo is not here. */
	close(listener);
	tcp = NEED(socket(AF_INET, SOCK_STREAM, 0));
	FAILS(connect(tcp, (void *)&right, sizeof right), ECONNREFUSED);

	/* Down there, no carrier here. */
	space_enter(&there);
	WANT(link_down("right"), 0);
	space_leave();
	WANT(link_becomes("left", IFF_UP, IFF_UP | IFF_RUNNING), 1);

	WANT(link_del("left"), 0);
	WANT(if_nametoindex("left"), 0);
	space_enter(&there);
	WANT(if_nametoindex("right"), 0);
	space_leave();

	/* A number that was used is not used again; a namespace that goes takes its end, and so the other. */
	WANT(link_veth("left", "right", there.pid), 0);
	CHECK((int)if_nametoindex("left") > index);
	close(udp);
	space_end(&there);
	WANT(link_goes("left"), 1);
	return done();
}
