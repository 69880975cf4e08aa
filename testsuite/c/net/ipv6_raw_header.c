/*
 * IPV6_HDRINCL: raw sockets that write their own IPv6 header, and what a host answers
 * to extension headers that it does not take. raw(7), RFC 3542, RFC 8200 section 4, RFC 4443 section 3.4.
 * Agrees: Linux 7.2.
 */
#include "message.h"

#include <netinet/icmp6.h>
#include <netinet/ip6.h>

#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36
#endif
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11
#endif

static struct {
	struct ip6_hdr ip;
	unsigned char rest[64];
} packet;

/* A packet from ::1 to itself with `length` bytes behind the fixed header. */
static size_t make(int next, const void *rest, size_t length)
{
	memset(&packet, 0, sizeof packet);
	packet.ip.ip6_flow = htonl(0x60012345);
	packet.ip.ip6_plen = htons(length);
	packet.ip.ip6_nxt = next;
	packet.ip.ip6_hlim = 9;
	packet.ip.ip6_src = packet.ip.ip6_dst = in6addr_loopback;
	memcpy(packet.rest, rest, length);
	return sizeof packet.ip + length;
}

/* RFC 768 over the addresses ::1 and ::1. */
static unsigned sum(const unsigned char *bytes, size_t length)
{
	unsigned total = 1 + 1 + length + IPPROTO_UDP;

	for (size_t i = 0; i < length; i += 2)
		total += bytes[i] << 8 | (i + 1 < length ? bytes[i + 1] : 0);
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total & 0xffff;
}

static void sent(int raw, struct address *self)
{
	struct address to;
	int server = bound(AF_INET6, SOCK_DGRAM, &to);
	unsigned char udp[11] = { 0x12, 0x34, ntohs(to.v6.sin6_port) >> 8, ntohs(to.v6.sin6_port) & 255, 0, 11, 0, 0, 'a', 'b', 'c' };
	unsigned check = sum(udp, sizeof udp);
	struct message *m;
	size_t length;

	udp[6] = check >> 8;
	udp[7] = check & 255;
	length = make(IPPROTO_UDP, udp, sizeof udp);
	set_int(server, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	set_int(server, IPPROTO_IPV6, IPV6_FLOWINFO, 1);
	WANT(sendto(raw, &packet, length, 0, &self->any, self->length), (int)length);
	m = receive_soon(server, 0);
	WANT(m->length, 3);
	CHECK(!memcmp(m->data, "abc", 3));
	WANT(ntohs(m->from.v6.sin6_port), 0x1234);
	WANT(ancillary_or(m, IPPROTO_IPV6, IPV6_HOPLIMIT, -1), 9);
	WANT(ntohl(ancillary_or(m, IPPROTO_IPV6, IPV6_FLOWINFO, 0)), 0x12345);
	FAILS(sendto(raw, &packet, 39, 0, &self->any, self->length), EINVAL);
	close(server);
}

/* What the error about the packet says: its code and where it points to; -1 for none. */
static int answer(int icmp, int raw, struct address *self, int next, const void *rest, size_t length)
{
	size_t whole = make(next, rest, length);
	struct icmp6_hdr *said;
	struct message *m;

	WANT(sendto(raw, &packet, whole, 0, &self->any, self->length), (int)whole);
	m = receive_soon(icmp, 0);
	if (m->length < (int)sizeof *said)
		return -1;
	said = (struct icmp6_hdr *)m->data;
	WANT(said->icmp6_type, ICMP6_PARAM_PROB);
	return said->icmp6_code << 16 | ntohl(said->icmp6_pptr);
}

static void refused(int raw, struct address *self)
{
	static const unsigned char unknown[] = { 59, 0, 0x9e, 4, 0, 0, 0, 0 }, quiet[] = { 59, 0, 0x5e, 4, 0, 0, 0, 0 };
	static const unsigned char strange[] = { 253, 0, 1, 4, 0, 0, 0, 0 }, padded[] = { 59, 0, 1, 4, 0, 1, 0, 0 };
	static const unsigned char route[24] = { 59, 2, 0, 1 }, done_route[24] = { 253, 2, 0, 0 };
	int icmp = NEED(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
	struct icmp6_filter only;

	ICMP6_FILTER_SETBLOCKALL(&only);
	ICMP6_FILTER_SETPASS(ICMP6_PARAM_PROB, &only);
	WANT(setsockopt(icmp, IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof only), 0);
	/* An option that is not known, and says that this is to be told; one that is to be dropped with the packet. */
	WANT(answer(icmp, raw, self, IPPROTO_DSTOPTS, unknown, sizeof unknown), 2 << 16 | 42);
	WANT(answer(icmp, raw, self, IPPROTO_HOPOPTS, unknown, sizeof unknown), 2 << 16 | 42);
	WANT(answer(icmp, raw, self, IPPROTO_DSTOPTS, quiet, sizeof quiet), -1);
	/* Padding that is not zero. */
	WANT(answer(icmp, raw, self, IPPROTO_DSTOPTS, padded, sizeof padded), -1);
	/* A protocol that nobody has, named in the fixed header and in an extension. */
	WANT(answer(icmp, raw, self, 253, unknown, sizeof unknown), 1 << 16 | 6);
	WANT(answer(icmp, raw, self, IPPROTO_DSTOPTS, strange, sizeof strange), 1 << 16 | 40);
	/* Routing headers of type 0 are history (RFC 5095); one with no stops left is passed over. */
	WANT(answer(icmp, raw, self, IPPROTO_ROUTING, route, sizeof route), 42);
	WANT(answer(icmp, raw, self, IPPROTO_ROUTING, done_route, sizeof done_route), 1 << 16 | 40);
	close(icmp);
}

int main(void)
{
	struct address self = loopback(AF_INET6, 0);
	int raw = NEED(socket(AF_INET6, SOCK_RAW, IPPROTO_RAW)), other = NEED(socket(AF_INET6, SOCK_RAW, 253));

	WANT(get_int(raw, IPPROTO_IPV6, IPV6_HDRINCL), 1);
	WANT(get_int(other, IPPROTO_IPV6, IPV6_HDRINCL), 0);
	set_int(other, IPPROTO_RAW, IPV6_HDRINCL, 1);
	WANT(get_int(other, IPPROTO_IPV6, IPV6_HDRINCL), 1);
	close(other);
	sent(raw, &self);
	refused(raw, &self);
	close(raw);
	return done();
}
