/*
 * IP_OPTIONS on TCP: every segment carries them, the accepted end answers with those of the SYN, and segments get shorter by
 * their length. ip(7), RFC 791, RFC 1122 section 4.2.3.8.
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <net/if.h>

static const unsigned char route[] = { 7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
static const unsigned char alert[] = { 0x94, 4, 0, 0 };

static int tap;

/* What went over lo since the last look, from one port: segments, those with options, the first option, and with data. */
struct seen {
	int all, with, first, syn;
};

static struct seen sent_from(int fd)
{
	static unsigned char frame[70000];
	struct address name = name_of(fd);
	struct seen seen = { 0 };
	ssize_t got;

	while ((got = recv(tap, frame, sizeof frame, MSG_DONTWAIT | MSG_PEEK)) > 0) {
		struct iphdr *ip = (struct iphdr *)frame;
		struct tcphdr *tcp = (struct tcphdr *)(frame + ip->ihl * 4);

		if (ip->protocol == IPPROTO_TCP && tcp->source == name.v4.sin_port) {
			seen.all++;
			if (ip->ihl > 5 && !seen.with++)
				seen.first = frame[20];
			seen.syn += tcp->syn;
		}
		recv(tap, frame, 1, MSG_DONTWAIT);
	}
	return seen;
}

static void show(const char *what, int fd)
{
	unsigned char got[64];
	socklen_t length = sizeof got;

	NEED(getsockopt(fd, IPPROTO_IP, IP_OPTIONS, got, &length));
	printf("# %s:", what);
	for (socklen_t i = 0; i < length; i++)
		printf(" %02x", got[i]);
	printf("\n");
}

static int length_of(int fd)
{
	unsigned char got[64];
	socklen_t length = sizeof got;

	NEED(getsockopt(fd, IPPROTO_IP, IP_OPTIONS, got, &length));
	return length;
}

static void exchange(struct pair pair)
{
	char byte;

	WANT(send(pair.client, "a", 1, 0), 1);
	WANT(recv(pair.server, &byte, 1, 0), 1);
	WANT(send(pair.server, "b", 1, 0), 1);
	WANT(recv(pair.client, &byte, 1, 0), 1);
}

/* How long a segment's payload is, before options and stamps are subtracted. */
#define SEGMENT 1000

/* Both ends of a connection with short segments; the client's options are given before it is made. */
static struct pair short_pair(const void *options, socklen_t length, int *listener)
{
	struct address address;
	struct pair pair = { NEED(socket(AF_INET, SOCK_STREAM, 0)), -1 };

	*listener = tcp_listen(AF_INET, &address);
	set_int(pair.client, IPPROTO_TCP, TCP_MAXSEG, SEGMENT);
	WANT(setsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, options, length), 0);
	/* The listener's own are not those of what it accepts. */
	WANT(setsockopt(*listener, IPPROTO_IP, IP_OPTIONS, alert, sizeof alert), 0);
	NEED(connect(pair.client, &address.any, address.length));
	pair.server = NEED(accept(*listener, NULL, NULL));
	return pair;
}

/* Set before the connection is made: from the SYN on, in both directions. */
static void early(void)
{
	int listener;
	struct pair pair = short_pair(route, sizeof route, &listener);
	unsigned char got[64] = { 0 };
	socklen_t length = sizeof got;
	struct seen seen;

	WANT(getsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, got, &length), 0);
	WANT(length, 12);
	CHECK(!memcmp(got, route, sizeof route));
	exchange(pair);
	seen = sent_from(pair.client);
	CHECK(seen.syn == 1 && seen.all >= 3);
	CHECK(seen.with == seen.all && seen.first == 7);
	WANT(get_int(pair.client, IPPROTO_TCP, TCP_MAXSEG), SEGMENT - 12 - 12);
	WANT(get_int(pair.server, IPPROTO_TCP, TCP_MAXSEG), SEGMENT - 12 - 12);
	length = sizeof got;
	WANT(getsockopt(pair.server, IPPROTO_IP, IP_OPTIONS, got, &length), 0);
	show("accepted", pair.server);
	WANT(length, 12);
	CHECK(got[0] == 7 && got[1] == 11);
	exchange(pair);
	seen = sent_from(pair.server);
	CHECK(seen.all >= 1 && seen.with == seen.all && seen.first == 7);
	close_pair(pair);
	close(listener);
}

/* Given to and taken from a connection that is there. */
static void late(void)
{
	int listener;
	struct pair pair = short_pair(NULL, 0, &listener);
	struct seen seen;

	close(listener);
	exchange(pair);
	WANT(get_int(pair.client, IPPROTO_TCP, TCP_MAXSEG), SEGMENT - 12);
	seen = sent_from(pair.client);
	CHECK(seen.all > 0 && seen.with == 0);
	WANT(length_of(pair.client), 0);
	WANT(setsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, alert, sizeof alert), 0);
	WANT(length_of(pair.client), 4);
	WANT(get_int(pair.client, IPPROTO_TCP, TCP_MAXSEG), SEGMENT - 12 - 4);
	exchange(pair);
	seen = sent_from(pair.client);
	CHECK(seen.all > 0 && seen.with == seen.all && seen.first == 0x94);
	/* The other end goes on as it began. */
	WANT(length_of(pair.server), 0);
	exchange(pair);
	seen = sent_from(pair.server);
	CHECK(seen.all > 0 && seen.with == 0);
	WANT(setsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, NULL, 0), 0);
	WANT(get_int(pair.client, IPPROTO_TCP, TCP_MAXSEG), SEGMENT - 12);
	exchange(pair);
	seen = sent_from(pair.client);
	CHECK(seen.all > 0 && seen.with == 0);
	close_pair(pair);
}

/* Much at once, with the longest options there are. */
static void bulk(void)
{
	static unsigned char most[40] = { 7, 39, 4 };
	static char out[300000], in[300000];
	struct address address;
	int listener = tcp_listen(AF_INET, &address), child;
	struct pair pair = { NEED(socket(AF_INET, SOCK_STREAM, 0)), -1 };

	WANT(setsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, most, sizeof most), 0);
	NEED(connect(pair.client, &address.any, address.length));
	pair.server = NEED(accept(listener, NULL, NULL));
	for (size_t i = 0; i < sizeof out; i++)
		out[i] = i * 7 >> 3;
	child = NEED(fork());
	if (child == 0)
		_exit(send(pair.client, out, sizeof out, 0) != sizeof out);
	WANT(recv_all(pair.server, in, sizeof in), sizeof in);
	CHECK(!memcmp(out, in, sizeof in));
	CHECK(left_well(child));
	close_pair(pair);
	close(listener);
}

/* IP_PKTOPTIONS: what a stream knows of the packets that it got, without a message. */
static void pktoptions(void)
{
	_Alignas(struct cmsghdr) unsigned char got[256];
	socklen_t length = sizeof got;
	struct pair pair = tcp_pair(AF_INET);
	int fd = NEED(socket(AF_INET, SOCK_STREAM, 0));
	struct cmsghdr *c = (struct cmsghdr *)got;
	struct in_pktinfo info;

	WANT(getsockopt(fd, IPPROTO_IP, IP_PKTOPTIONS, got, &length), 0);
	WANT(length, 0);
	set_int(fd, IPPROTO_IP, IP_RECVTTL, 1);
	length = sizeof got;
	WANT(getsockopt(fd, IPPROTO_IP, IP_PKTOPTIONS, got, &length), 0);
	WANT(length, CMSG_SPACE(sizeof(int)));
	CHECK(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL);
	WANT(*(int *)CMSG_DATA(c), 1);
	set_int(pair.server, IPPROTO_IP, IP_RECVTTL, 1);
	length = sizeof got;
	WANT(getsockopt(pair.server, IPPROTO_IP, IP_PKTOPTIONS, got, &length), 0);
	WANT(length, CMSG_SPACE(sizeof(int)));
	WANT(*(int *)CMSG_DATA(c), 64);
	set_int(pair.server, IPPROTO_IP, IP_RECVTTL, 0);
	set_int(pair.server, IPPROTO_IP, IP_PKTINFO, 1);
	length = sizeof got;
	WANT(getsockopt(pair.server, IPPROTO_IP, IP_PKTOPTIONS, got, &length), 0);
	WANT(length, CMSG_SPACE(sizeof info));
	memcpy(&info, CMSG_DATA(c), sizeof info);
	WANT(info.ipi_ifindex, 1);
	WANT(info.ipi_addr.s_addr, htonl(INADDR_LOOPBACK));
	WANT(info.ipi_spec_dst.s_addr, htonl(INADDR_LOOPBACK));
	set_int(pair.server, IPPROTO_IP, IP_RECVTOS, 1);
	length = sizeof got;
	WANT(getsockopt(pair.server, IPPROTO_IP, IP_PKTOPTIONS, got, &length), 0);
	WANT(length, CMSG_SPACE(sizeof info) + CMSG_SPACE(sizeof(int)));
	/* Too little room: what fits. */
	length = 20;
	WANT(getsockopt(pair.server, IPPROTO_IP, IP_PKTOPTIONS, got, &length), 0);
	printf("# cut to %d\n", (int)length);
	close(fd);
	close_pair(pair);
	fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	length = sizeof got;
	FAILS(getsockopt(fd, IPPROTO_IP, IP_PKTOPTIONS, got, &length), ENOPROTOOPT);
	close(fd);
}

int main(void)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = if_nametoindex("lo") };

	pktoptions();
	bulk();
	tap = NEED(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)));
	NEED(bind(tap, (struct sockaddr *)&addr, sizeof addr));
	early();
	late();
	return done();
}
