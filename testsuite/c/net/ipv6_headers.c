/*
 * Extension headers: sent with every datagram (sticky options) or with one, and
 * shown to the receiver. RFC 3542, RFC 2292, ipv6(7).
 * Agrees: Linux 7.2.
 */
#include "message.h"

#ifndef IPV6_RECVHOPOPTS
#define IPV6_RECVHOPOPTS 53
#endif
#ifndef IPV6_2292HOPOPTS
#define IPV6_2292HOPOPTS 3
#define IPV6_2292DSTOPTS 4
#endif

#ifndef IPV6_2292PKTOPTIONS
#define IPV6_2292PKTOPTIONS 6
#endif
#ifndef IPV6_ADDR_PREFERENCES
#define IPV6_ADDR_PREFERENCES 72
#endif

/* Next header, length, PadN of four bytes; an experimental option (0x1e) of four bytes. */
static const unsigned char pads[8] = { 0, 0, 1, 4, 0, 0, 0, 0 };
static const unsigned char known[8] = { 0, 0, 0x1e, 4, 1, 2, 3, 4 };

static void show(const char *what, const unsigned char *bytes, size_t length)
{
	printf("# %s:", what);
	for (size_t i = 0; bytes && i < length; i++)
		printf(" %02x", bytes[i]);
	printf("\n");
}

static int same(unsigned char *o, size_t n, const unsigned char *want)
{
	return o && n == 8 && !memcmp(o + 1, want + 1, 7);
}

static void udp(void)
{
	struct pair pair = udp_pair(AF_INET6);
	unsigned char got[64], *o;
	socklen_t length = sizeof got;
	struct message *m;
	size_t n = 0;

	WANT(getsockopt(pair.client, IPPROTO_IPV6, IPV6_DSTOPTS, got, &length), 0);
	WANT(length, 0);
	set_int(pair.server, IPPROTO_IPV6, IPV6_RECVHOPOPTS, 1);
	set_int(pair.server, IPPROTO_IPV6, IPV6_RECVDSTOPTS, 1);
	NEED(send(pair.client, "a", 1, 0));
	m = receive_soon(pair.server, 0);
	CHECK(!ancillary(m, IPPROTO_IPV6, IPV6_HOPOPTS) && !ancillary(m, IPPROTO_IPV6, IPV6_DSTOPTS));

	WANT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_DSTOPTS, known, 8), 0);
	length = sizeof got;
	WANT(getsockopt(pair.client, IPPROTO_IPV6, IPV6_DSTOPTS, got, &length), 0);
	WANT(length, 8);
	show("sticky", got, length);
	NEED(send(pair.client, "b", 1, 0));
	m = receive_soon(pair.server, 0);
	WANT(m->length, 1);
	o = ancillary_of(m, IPPROTO_IPV6, IPV6_DSTOPTS, &n);
	show("destination options", o, n);
	CHECK(same(o, n, known));
	WANT(o ? o[0] : -1, IPPROTO_UDP);
	WANT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_HOPOPTS, pads, 8), 0);
	NEED(send(pair.client, "c", 1, 0));
	m = receive_soon(pair.server, 0);
	o = ancillary_of(m, IPPROTO_IPV6, IPV6_HOPOPTS, &n);
	show("hop-by-hop options", o, n);
	CHECK(same(o, n, pads));
	WANT(o ? o[0] : -1, IPPROTO_DSTOPTS);
	CHECK(same(ancillary_of(m, IPPROTO_IPV6, IPV6_DSTOPTS, &n), n, known));

	/* Taken back. */
	WANT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_HOPOPTS, NULL, 0), 0);
	WANT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_DSTOPTS, NULL, 0), 0);
	NEED(send(pair.client, "d", 1, 0));
	m = receive_soon(pair.server, 0);
	CHECK(!ancillary(m, IPPROTO_IPV6, IPV6_HOPOPTS) && !ancillary(m, IPPROTO_IPV6, IPV6_DSTOPTS));

	/* With one message, and under the old numbers. */
	WANT(send_data_with(pair.client, "e", 1, 0, IPPROTO_IPV6, IPV6_DSTOPTS, pads, 8), 1);
	CHECK(same(ancillary_of(receive_soon(pair.server, 0), IPPROTO_IPV6, IPV6_DSTOPTS, &n), n, pads));
	set_int(pair.server, IPPROTO_IPV6, IPV6_RECVHOPOPTS, 0);
	set_int(pair.server, IPPROTO_IPV6, IPV6_RECVDSTOPTS, 0);
	set_int(pair.server, IPPROTO_IPV6, IPV6_2292HOPOPTS, 1);
	WANT(send_data_with(pair.client, "f", 1, 0, IPPROTO_IPV6, IPV6_HOPOPTS, pads, 8), 1);
	m = receive_soon(pair.server, 0);
	CHECK(same(ancillary_of(m, IPPROTO_IPV6, IPV6_2292HOPOPTS, &n), n, pads));
	CHECK(!ancillary(m, IPPROTO_IPV6, IPV6_HOPOPTS));
	FAILS(setsockopt(pair.client, IPPROTO_IPV6, IPV6_DSTOPTS, known, 7), EINVAL);
	FAILS(send_data_with(pair.client, "g", 1, 0, IPPROTO_IPV6, IPV6_DSTOPTS, pads, 1), EINVAL);
	close_pair(pair);
}

/* A packet whose option is unknown and must not be passed over goes nowhere. */
static void refused(void)
{
	static const unsigned char refuse[8] = { 0, 0, 0x9e, 4, 0, 0, 0, 0 };
	struct pair pair = udp_pair(AF_INET6);

	WANT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_DSTOPTS, refuse, 8), 0);
	WANT(send(pair.client, "x", 1, 0), 1);
	WANT(ready(pair.server, POLLIN, 100), 0);
	close_pair(pair);
}

/* All sticky headers in one go, as in RFC 2292; an interface to send by. */
static void older(void)
{
	struct pair pair = udp_pair(AF_INET6);
	_Alignas(struct cmsghdr) unsigned char all[CMSG_SPACE(8)] = { 0 };
	struct cmsghdr *c = (struct cmsghdr *)all;
	struct in6_pktinfo by = { .ipi6_ifindex = 1 };
	size_t n = 0;

	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_DSTOPTS;
	c->cmsg_len = CMSG_LEN(8);
	memcpy(CMSG_DATA(c), known, 8);
	WANT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_2292PKTOPTIONS, all, sizeof all), 0);
	set_int(pair.server, IPPROTO_IPV6, IPV6_RECVDSTOPTS, 1);
	NEED(send(pair.client, "h", 1, 0));
	CHECK(same(ancillary_of(receive_soon(pair.server, 0), IPPROTO_IPV6, IPV6_DSTOPTS, &n), n, known));
	WANT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_2292PKTOPTIONS, NULL, 0), 0);
	NEED(send(pair.client, "i", 1, 0));
	CHECK(!ancillary(receive_soon(pair.server, 0), IPPROTO_IPV6, IPV6_DSTOPTS));
	WANT(setsockopt(pair.client, IPPROTO_IPV6, IPV6_PKTINFO, &by, sizeof by), 0);
	NEED(send(pair.client, "j", 1, 0));
	WANT(receive_soon(pair.server, 0)->length, 1);
	FAILS(setsockopt(pair.client, IPPROTO_IPV6, IPV6_PKTINFO, &by, 4), EINVAL);
	close_pair(pair);
}

/* Which addresses to send from: what excludes each other is refused. RFC 5014. */
static void preferences(void)
{
	int fd = NEED(socket(AF_INET6, SOCK_DGRAM, 0));

	WANT(get_int(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES), 0x500);
	set_int(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, 1);
	WANT(get_int(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES), 0x401);
	set_int(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, 4);
	/* What is not said is as in the beginning. */
	WANT(get_int(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES), 0x104);
	set_int(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, 0x500);
	WANT(get_int(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES), 0x500);
	for (int bad = 0; bad < 3; bad++) {
		int both = (int[]){ 3, 0x404, 0x808 }[bad];

		FAILS(setsockopt(fd, IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, &both, sizeof both), EINVAL);
	}
	close(fd);
}

int main(void)
{
	udp();
	older();
	preferences();
	refused();
	return done();
}
