/*
 * Membership queries of IPv6 are answered: general, for a group, for sources; MLDv1; what is malformed or comes
 * from afar is not, a flood is not answered one by one. RFC 3810, RFC 2710; ipv6(7).
 * Agrees: Linux 7.2.
 */
#include "querier.h"

#define FILTER \
	"Idx Device                Multicast Address                   Source Address    INC    EXC\n" \
	"  2   left ff350000000000000000000000010004 20010db8000000000000000000000001      1      0\n"

static struct wire w;
static int sock;

/* How a query goes wrong. */
enum { FINE, SPOILT, FAR, HOPS, NO_ALERT, OTHER_ALERT };

static void say(int type, int delay, const char *group, const char **sources, int count, int claimed, int length, int wrong)
{
	unsigned char p[512] = { 0x60 };
	int front = wrong == NO_ALERT ? 40 : 48;
	unsigned char *q = p + front, pseudo[40] = { 0 };
	static const unsigned char alert[] = { IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0 };
	unsigned short sum;

	p[4] = (front - 40 + length) >> 8;
	p[5] = front - 40 + length;
	p[6] = wrong == NO_ALERT ? IPPROTO_ICMPV6 : IPPROTO_HOPOPTS;
	p[7] = wrong == HOPS ? 64 : 1;
	inet_pton(AF_INET6, wrong == FAR ? "2001:db8::9" : "fe80::9", p + 8);
	inet_pton(AF_INET6, strcmp(group, "::") ? group : "ff02::1", p + 24);
	if (front == 48) {
		memcpy(p + 40, alert, 8);
		p[45] = wrong == OTHER_ALERT;
	}
	q[0] = type;
	q[4] = delay >> 8;
	q[5] = delay;
	inet_pton(AF_INET6, group, q + 8);
	if (length > 24) {
		q[24] = 2;
		q[25] = 125;
		q[26] = claimed >> 8;
		q[27] = claimed;
	}
	for (int i = 0; i < count; i++)
		inet_pton(AF_INET6, sources[i], q + 28 + 16 * i);
	memcpy(pseudo, p + 8, 32);
	pseudo[35] = length;
	pseudo[39] = IPPROTO_ICMPV6;
	sum = ~ntohs(wire_sum(0, pseudo, sizeof pseudo)) & 0xffff;
	sum = wire_sum(sum, q, length);
	memcpy(q + 2, &sum, 2);
	q[2] += wrong == SPOILT;
	wire_send(&w, p, front + length);
}

static void query2(int delay, const char *group, const char **sources, int count)
{
	say(130, delay, group, sources, count, count, 28 + 16 * count, FINE);
}

static void query1(int delay, const char *group)
{
	say(130, delay, group, NULL, 0, 0, 24, FINE);
}

static int member(int name, const char *group)
{
	struct ipv6_mreq r = { .ipv6mr_interface = if_nametoindex("left") };

	inet_pton(AF_INET6, group, &r.ipv6mr_multiaddr);
	return setsockopt(sock, IPPROTO_IPV6, name, &r, sizeof r);
}

static int source(int name, const char *group, const char *from)
{
	struct group_source_req r;
	struct sockaddr_in6 *g = (void *)&r.gsr_group, *s = (void *)&r.gsr_source;

	memset(&r, 0, sizeof r);
	r.gsr_interface = if_nametoindex("left");
	g->sin6_family = s->sin6_family = AF_INET6;
	inet_pton(AF_INET6, group, &g->sin6_addr);
	inet_pton(AF_INET6, from, &s->sin6_addr);
	return setsockopt(sock, IPPROTO_IPV6, name, &r, sizeof r);
}

/* A word of the line of left, or of a group behind it. */
static int shows(const char *line, const char *word) { return shows_in("/proc/net/igmp6", line, word); }

static void changes(void)
{
	WANT(member(IPV6_JOIN_GROUP, "ff15::1:3"), 0);
	CHECK(wire_next(&w, 1500) >= 28);
	CHECK(wire_goes_to(&w, "ff02::16"));
	WANT(w.packet[7], 1);
	CHECK(w.packet[8] == 0xfe && w.packet[9] == 0x80);
	WANT(w.message[0], 143);
	WANT(record_type(&w, "ff15::1:3"), 4);
	WANT(wire_drain(&w, 1300), 1);
	WANT(source(MCAST_JOIN_SOURCE_GROUP, "ff35::1:4", "2001:db8::1"), 0);
	CHECK(wire_next(&w, 1500) > 0);
	WANT(record_type(&w, "ff35::1:4"), 5);
	WANT(record_sources(&w, "ff35::1:4"), 1);
	wire_drain(&w, 1300);
	CHECK(strstr(text_of("/proc/net/mcfilter6"), FILTER) != NULL);
	/* Never told: of this node, all nodes. */
	WANT(member(IPV6_JOIN_GROUP, "ff11::1:5"), 0);
	WANT(wire_next(&w, 500), 0);
	CHECK(shows("ff110000000000000000000000010005     1 00000008 0", ""));
	CHECK(shows("left            ff020000000000000000000000000001     1 0000000C 0", ""));
	CHECK(shows("ff150000000000000000000000010003     1 00000004 0", ""));
}

static void version2(void)
{
	const char *both[] = { "2001:db8::9", "2001:db8::1" }, *other[] = { "2001:db8::7" };

	query2(500, "::", NULL, 0);
	CHECK(wire_next(&w, 1500) > 0);
	CHECK(wire_goes_to(&w, "ff02::16"));
	WANT(w.message[0], 143);
	/* Besides, the group of the address of the card. */
	WANT(records(&w), 3);
	WANT(record_type(&w, "ff15::1:3"), 2);
	WANT(record_sources(&w, "ff15::1:3"), 0);
	WANT(record_type(&w, "ff35::1:4"), 1);
	WANT(record_sources(&w, "ff35::1:4"), 1);
	WANT(record_type(&w, "ff02::1"), -1);
	WANT(record_type(&w, "ff11::1:5"), -1);
	WANT(wire_next(&w, 800), 0);

	query2(300, "ff15::1:3", NULL, 0);
	CHECK(wire_next(&w, 1500) > 0);
	WANT(records(&w), 1);
	WANT(record_type(&w, "ff15::1:3"), 2);
	WANT(wire_next(&w, 500), 0);

	query2(300, "ff35::1:4", both, 2);
	CHECK(wire_next(&w, 1500) > 0);
	WANT(records(&w), 1);
	WANT(record_type(&w, "ff35::1:4"), 1);
	WANT(record_sources(&w, "ff35::1:4"), 1);
	query2(300, "ff35::1:4", other, 1);
	WANT(wire_next(&w, 600), 0);
	query2(300, "ff15::1:3", other, 1);
	CHECK(wire_next(&w, 1500) > 0);
	WANT(record_type(&w, "ff15::1:3"), 2);
	/* The table begins with the first interface whose latest group has sources. */
	CHECK(strstr(text_of("/proc/net/mcfilter6"), FILTER) == NULL);
}

static void hostile(void)
{
	const char *one[] = { "2001:db8::1" };
	int count;

	for (int wrong = SPOILT; wrong <= OTHER_ALERT; wrong++)
		say(130, 100, "::", NULL, 0, 0, 28, wrong);
	say(130, 100, "::", NULL, 0, 0, 20, FINE);
	say(130, 100, "::", NULL, 0, 0, 26, FINE);
	say(130, 100, "::", one, 1, 1, 44, FINE);
	say(130, 100, "ff15::1:3", one, 1, 9, 44, FINE);
	say(130, 100, "ff15::1:9", NULL, 0, 0, 28, FINE);
	WANT(wire_next(&w, 600), 0);
	for (int i = 0; i < 2000; i++)
		query2(100, i % 2 ? "::" : "ff15::1:3", NULL, 0);
	count = wire_drain(&w, 500);
	CHECK(count >= 1);
	CHECK(count < 500);
}

static void older(void)
{
	int heard = 0;

	/* A version 2 that is forced hears no version 1. */
	WANT(write_text("/proc/sys/net/ipv6/conf/left/force_mld_version", "2\n"), 0);
	query1(200, "::");
	WANT(wire_next(&w, 500), 0);
	WANT(write_text("/proc/sys/net/ipv6/conf/left/force_mld_version", "1\n"), 0);
	query2(200, "ff15::1:3", NULL, 0);
	CHECK(wire_next(&w, 1500) > 0);
	WANT(w.message[0], 131);
	CHECK(wire_goes_to(&w, "ff15::1:3"));
	WANT(write_text("/proc/sys/net/ipv6/conf/left/force_mld_version", "0\n"), 0);

	query1(500, "::");
	while (wire_next(&w, 1000)) {
		heard++;
		WANT(w.message[0], 131);
		CHECK(!memcmp(w.packet + 24, w.message + 8, 16));
	}
	WANT(heard, 3);
	CHECK(shows("ff150000000000000000000000010003     1 00000006 0", ""));

	query1(25000, "ff15::1:3");
	usleep(100000);
	CHECK(shows("ff150000000000000000000000010003     1 00000007 ", ""));
	say(131, 0, "ff15::1:3", NULL, 0, 0, 24, FINE);
	usleep(100000);
	CHECK(shows("ff150000000000000000000000010003     1 00000004 0", ""));
	query1(200, "ff35::1:4");
	CHECK(wire_next(&w, 1000) > 0);
	WANT(w.message[0], 131);
	/* Who reported last says that it leaves. */
	WANT(source(MCAST_LEAVE_SOURCE_GROUP, "ff35::1:4", "2001:db8::1"), 0);
	CHECK(wire_next(&w, 1000) > 0);
	WANT(w.message[0], 132);
	CHECK(wire_goes_to(&w, "ff02::2"));
	WANT(member(IPV6_LEAVE_GROUP, "ff15::1:3"), 0);
	WANT(wire_next(&w, 300), 0);
	WANT(member(IPV6_JOIN_GROUP, "ff15::1:6"), 0);
	CHECK(wire_next(&w, 1000) > 0);
	WANT(w.message[0], 131);
	CHECK(wire_goes_to(&w, "ff15::1:6"));
	CHECK(shows("ff150000000000000000000000010006     1 00000007 ", ""));
}

int main(void)
{
	alarm(60);
	w = wire_new(AF_INET6);
	sock = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	wire_drain(&w, 1500);
	changes();
	version2();
	hostile();
	older();
	return done();
}
