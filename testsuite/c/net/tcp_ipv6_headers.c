/*
 * Extension headers, flow labels and IPV6_PKTINFO of TCP sockets: what is set once goes with every segment, what is accepted has
 * its listener's, and IPV6_2292PKTOPTIONS says what came. RFC 3542 section 4.1, RFC 2292, RFC 6437, ipv6(7).
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in6.h>
#include <net/if.h>

#ifndef IPV6_RECVHOPOPTS
#define IPV6_RECVHOPOPTS 53
#endif
#ifndef IPV6_2292PKTOPTIONS
#define IPV6_2292PKTOPTIONS 6
#endif
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11
#endif

/* Next header, length, an option of four bytes: padding, or an experimental one (0x1e). */
static const unsigned char pads[8] = { 0, 0, 1, 4, 0, 0, 0, 0 };
static const unsigned char known[8] = { 0, 0, 0x1e, 4, 1, 2, 3, 4 };

#define SEGMENT 1000

static int tap;

/* What went over lo since the last look, from one port. */
struct seen {
	/* Segments; those with a header of options for the destination; for each hop. */
	int all, destination, hops;
	/* Flow labels: of the first, and whether all have the same. */
	unsigned label;
	int same;
};

static struct seen sent_from(int fd)
{
	static unsigned char frame[70000];
	struct address name = name_of(fd);
	struct seen seen = { .same = 1 };
	ssize_t got;

	while ((got = recv(tap, frame, sizeof frame, MSG_DONTWAIT)) > 0) {
		int next = frame[6], at = 40, destination = 0, hops = 0;
		unsigned label;

		while (next == IPPROTO_HOPOPTS || next == IPPROTO_DSTOPTS) {
			destination += next == IPPROTO_DSTOPTS;
			hops += next == IPPROTO_HOPOPTS;
			next = frame[at];
			at += 8 * (frame[at + 1] + 1);
		}
		if (next != IPPROTO_TCP || memcmp(frame + at, &name.v6.sin6_port, 2))
			continue;
		label = (frame[1] & 15) << 16 | frame[2] << 8 | frame[3];
		if (!seen.all++)
			seen.label = label;
		seen.same &= label == seen.label;
		seen.destination += destination;
		seen.hops += hops;
	}
	return seen;
}

static void exchange(struct pair pair)
{
	char byte;

	WANT(send(pair.client, "a", 1, 0), 1);
	WANT(recv(pair.server, &byte, 1, 0), 1);
	WANT(send(pair.server, "b", 1, 0), 1);
	WANT(recv(pair.client, &byte, 1, 0), 1);
}

static struct pair join(int listener, int client, const struct address *address)
{
	struct pair pair = { client, -1 };

	NEED(connect(client, &address->any, address->length));
	pair.server = NEED(accept(listener, NULL, NULL));
	return pair;
}

static void sticky(void)
{
	struct address address;
	int listener = tcp_listen(AF_INET6, &address), client = NEED(socket(AF_INET6, SOCK_STREAM, 0));
	unsigned char got[64];
	socklen_t length = sizeof got;
	struct pair pair;
	struct seen seen;

	set_int(client, IPPROTO_TCP, TCP_MAXSEG, SEGMENT);
	WANT(getsockopt(client, IPPROTO_IPV6, IPV6_DSTOPTS, got, &length), 0);
	WANT(length, 0);
	WANT(setsockopt(client, IPPROTO_IPV6, IPV6_DSTOPTS, known, 8), 0);
	length = sizeof got;
	WANT(getsockopt(client, IPPROTO_IPV6, IPV6_DSTOPTS, got, &length), 0);
	WANT(length, 8);
	CHECK(!memcmp(got + 1, known + 1, 7));
	pair = join(listener, client, &address);
	exchange(pair);
	seen = sent_from(pair.client);
	CHECK(seen.all >= 3 && seen.destination == seen.all && seen.hops == 0);
	WANT(get_int(pair.client, IPPROTO_TCP, TCP_MAXSEG), SEGMENT - 12 - 8);
	WANT(get_int(pair.server, IPPROTO_TCP, TCP_MAXSEG), SEGMENT - 12);
	exchange(pair);
	seen = sent_from(pair.server);
	CHECK(seen.all > 0 && seen.destination == 0);

	/* One more, and both taken back, while the connection lives. */
	WANT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_HOPOPTS, pads, 8), 0);
	WANT(get_int(pair.client, IPPROTO_TCP, TCP_MAXSEG), SEGMENT - 12 - 16);
	exchange(pair);
	seen = sent_from(pair.client);
	CHECK(seen.all > 0 && seen.destination == seen.all && seen.hops == seen.all);
	WANT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_HOPOPTS, NULL, 0), 0);
	WANT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_DSTOPTS, NULL, 0), 0);
	exchange(pair);
	seen = sent_from(pair.client);
	CHECK(seen.all > 0 && seen.destination == 0 && seen.hops == 0);
	close_pair(pair);

	/* A listener's are those of what it accepts. */
	sent_from(listener);
	WANT(setsockopt(listener, IPPROTO_IPV6, IPV6_DSTOPTS, known, 8), 0);
	pair = join(listener, NEED(socket(AF_INET6, SOCK_STREAM, 0)), &address);
	exchange(pair);
	seen = sent_from(pair.server);
	CHECK(seen.all >= 2 && seen.destination == seen.all);
	length = sizeof got;
	WANT(getsockopt(pair.server, IPPROTO_IPV6, IPV6_DSTOPTS, got, &length), 0);
	WANT(length, 8);
	close_pair(pair);
	close(listener);
}

static void labels(void)
{
	struct address address;
	int listener = tcp_listen(AF_INET6, &address), client = NEED(socket(AF_INET6, SOCK_STREAM, 0));
	struct in6_flowlabel_req request = { .flr_dst = in6addr_loopback, .flr_label = htonl(0x12345),
		.flr_action = IPV6_FL_A_GET, .flr_share = IPV6_FL_S_EXCL, .flr_flags = IPV6_FL_F_CREATE };
	socklen_t length = sizeof request;
	struct pair pair;
	struct seen seen;

	/* One of the kernel's. */
	WANT(get_int(client, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL), 1);
	pair = join(listener, client, &address);
	exchange(pair);
	seen = sent_from(pair.client);
	CHECK(seen.all >= 3 && seen.label != 0 && seen.same);
	set_int(pair.client, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
	WANT(get_int(pair.client, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL), 0);
	exchange(pair);
	seen = sent_from(pair.client);
	CHECK(seen.all > 0 && seen.label == 0 && seen.same);
	close_pair(pair);

	/* One of the program's. */
	client = NEED(socket(AF_INET6, SOCK_STREAM, 0));
	WANT(setsockopt(client, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &request, sizeof request), 0);
	set_int(client, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1);
	WANT(get_int(client, IPPROTO_IPV6, IPV6_FLOWINFO_SEND), 1);
	address.v6.sin6_flowinfo = htonl(0x23456);
	FAILS(connect(client, &address.any, address.length), EINVAL);
	address.v6.sin6_flowinfo = htonl(0x12345);
	pair = join(listener, client, &address);
	exchange(pair);
	seen = sent_from(pair.client);
	CHECK(seen.all >= 3 && seen.label == 0x12345 && seen.same);
	request.flr_flags = 0;
	request.flr_label = 0;
	WANT(getsockopt(pair.client, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &request, &length), 0);
	WANT(ntohl(request.flr_label), 0x12345);
	/* What the peer sends. */
	request.flr_flags = IPV6_FL_F_REMOTE;
	request.flr_action = IPV6_FL_A_GET;
	WANT(getsockopt(pair.server, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &request, &length), 0);
	WANT(ntohl(request.flr_label), 0x12345);
	request.flr_flags = IPV6_FL_F_REFLECT;
	request.flr_action = IPV6_FL_A_PUT;
	FAILS(setsockopt(pair.client, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &request, sizeof request), ESRCH);
	close_pair(pair);
	close(listener);
}

/* The control message of that kind in IPV6_2292PKTOPTIONS; null where there is none. */
static void *told(int fd, int kind, int *all)
{
	_Alignas(struct cmsghdr) static unsigned char got[512];
	socklen_t length = sizeof got;

	NEED(getsockopt(fd, IPPROTO_IPV6, IPV6_2292PKTOPTIONS, got, &length));
	*all = length;
	for (size_t at = 0; at + sizeof(struct cmsghdr) <= length;) {
		struct cmsghdr *c = (struct cmsghdr *)(got + at);

		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == kind)
			return CMSG_DATA(c);
		at += CMSG_ALIGN(c->cmsg_len);
	}
	return NULL;
}

static void pktoptions(void)
{
	struct address address;
	int listener, all, *hops, client, dgram = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	struct in6_pktinfo by = { .ipi6_ifindex = 1, .ipi6_addr = in6addr_loopback }, *info;
	unsigned char *header;
	struct pair pair = tcp_pair(AF_INET6);

	/* An accepted one knows its first packet. */
	CHECK(!told(pair.server, IPV6_HOPLIMIT, &all) && all == 0);
	set_int(pair.server, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	hops = told(pair.server, IPV6_HOPLIMIT, &all);
	CHECK(hops && *hops == 64 && all == CMSG_SPACE(sizeof(int)));
	set_int(pair.server, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	exchange(pair);
	info = told(pair.server, IPV6_PKTINFO, &all);
	CHECK(info && info->ipi6_ifindex == 1 && IN6_IS_ADDR_LOOPBACK(&info->ipi6_addr));
	close_pair(pair);
	all = 512;
	FAILS(getsockopt(dgram, IPPROTO_IPV6, IPV6_2292PKTOPTIONS, &by, (socklen_t *)&all), ENOPROTOOPT);
	close(dgram);

	/* Before there is one: what was set. */
	client = NEED(socket(AF_INET6, SOCK_STREAM, 0));
	set_int(client, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	hops = told(client, IPV6_HOPLIMIT, &all);
	CHECK(hops && *hops == 1);
	set_int(client, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 0);
	set_int(client, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	info = told(client, IPV6_PKTINFO, &all);
	CHECK(info && info->ipi6_ifindex == 0);
	WANT(setsockopt(client, IPPROTO_IPV6, IPV6_PKTINFO, &by, sizeof by), 0);
	info = told(client, IPV6_PKTINFO, &all);
	CHECK(info && info->ipi6_ifindex == 1 && IN6_IS_ADDR_LOOPBACK(&info->ipi6_addr));
	FAILS(setsockopt(client, IPPROTO_IPV6, IPV6_PKTINFO, &by, 4), EINVAL);

	/* Extension headers of the latest segment. */
	listener = tcp_listen(AF_INET6, &address);
	WANT(setsockopt(client, IPPROTO_IPV6, IPV6_DSTOPTS, known, 8), 0);
	pair = join(listener, client, &address);
	set_int(pair.server, IPPROTO_IPV6, IPV6_RECVDSTOPTS, 1);
	CHECK(!told(pair.server, IPV6_HOPOPTS, &all));
	exchange(pair);
	header = told(pair.server, IPV6_DSTOPTS, &all);
	CHECK(header && header[0] == IPPROTO_TCP && !memcmp(header + 1, known + 1, 7));
	close_pair(pair);
	close(listener);
}

int main(void)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = if_nametoindex("lo") };

	pktoptions();
	tap = NEED(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IPV6)));
	NEED(bind(tap, (struct sockaddr *)&addr, sizeof addr));
	sticky();
	labels();
	return done();
}
