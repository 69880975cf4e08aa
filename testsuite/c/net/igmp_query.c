/*
 * Membership queries of IPv4 are answered: general, for a group, for sources; older versions; what is malformed
 * is not, a flood is not answered one by one. RFC 3376, RFC 2236, RFC 1112; ip(7).
 * Agrees: Linux 7.2.
 */
#include "querier.h"

static struct wire w;
static int sock;

/* Puts a query (or another IGMP message) on the link; `spoil` is added to its checksum. */
static void say(int type, int code, const char *group, const char **sources, int count, int claimed, int length, int spoil)
{
	unsigned char p[256] = { 0x46, 0xc0, 0, 0, 0, 0, 0x40, 0, 1, IPPROTO_IGMP, 0, 0, 10, 9, 0, 2 };
	unsigned char *q = p + 24;
	const char *to = strcmp(group, "0.0.0.0") ? group : "224.0.0.1";
	unsigned short sum;

	inet_pton(AF_INET, to, p + 16);
	p[20] = 0x94;
	p[21] = 4;
	q[0] = type;
	q[1] = code;
	inet_pton(AF_INET, group, q + 4);
	if (length > 8) {
		q[8] = 2;
		q[9] = 125;
		q[10] = claimed >> 8;
		q[11] = claimed;
	}
	for (int i = 0; i < count; i++)
		inet_pton(AF_INET, sources[i], q + 12 + 4 * i);
	sum = wire_sum(0, q, length);
	memcpy(q + 2, &sum, 2);
	q[2] += spoil;
	p[2] = (24 + length) >> 8;
	p[3] = 24 + length;
	sum = wire_sum(0, p, 24);
	memcpy(p + 10, &sum, 2);
	wire_send(&w, p, 24 + length);
}

static void query3(int code, const char *group, const char **sources, int count)
{
	say(0x11, code, group, sources, count, count, 12 + 4 * count, 0);
}

static void query2(int code, const char *group)
{
	say(0x11, code, group, NULL, 0, 0, 8, 0);
}

static int member(int name, const char *group)
{
	struct ip_mreqn r = { .imr_ifindex = if_nametoindex("left") };

	inet_pton(AF_INET, group, &r.imr_multiaddr);
	return setsockopt(sock, IPPROTO_IP, name, &r, sizeof r);
}

static int source(int name, const char *group, const char *from)
{
	struct ip_mreq_source r;

	inet_pton(AF_INET, group, &r.imr_multiaddr);
	inet_pton(AF_INET, "10.9.0.1", &r.imr_interface);
	inet_pton(AF_INET, from, &r.imr_sourceaddr);
	return setsockopt(sock, IPPROTO_IP, name, &r, sizeof r);
}

/* A word of the line of left, or of a group behind it. */
static int shows(const char *line, const char *word) { return shows_in("/proc/net/igmp", line, word); }

static void changes(void)
{
	WANT(member(IP_ADD_MEMBERSHIP, "239.1.2.3"), 0);
	CHECK(wire_next(&w, 1500) >= 16);
	CHECK(wire_goes_to(&w, "224.0.0.22"));
	WANT(w.message[0], 0x22);
	WANT(record_type(&w, "239.1.2.3"), 4);
	WANT(wire_sum(0, w.message, 8 + 8), 0);
	/* Said again, as often as igmp_qrv says. */
	WANT(wire_drain(&w, 1300), 1);
	WANT(member(IP_ADD_MEMBERSHIP, "239.1.2.4"), 0);
	WANT(source(IP_ADD_SOURCE_MEMBERSHIP, "232.1.1.1", "10.1.1.1"), 0);
	CHECK(wire_next(&w, 1500) > 0);
	CHECK(record_type(&w, "232.1.1.1") == -1 || record_type(&w, "232.1.1.1") == 5);
	wire_drain(&w, 1300);
	/* Joined and left again. */
	WANT(member(IP_ADD_MEMBERSHIP, "239.1.2.5"), 0);
	WANT(member(IP_DROP_MEMBERSHIP, "239.1.2.5"), 0);
	while (wire_next(&w, 1300))
		CHECK(record(&w, "239.1.2.4") == NULL);
}

static void version3(void)
{
	const char *both[] = { "10.1.1.9", "10.1.1.1" }, *other[] = { "10.9.9.9" };

	query3(5, "0.0.0.0", NULL, 0);
	CHECK(wire_next(&w, 1500) > 0);
	CHECK(wire_goes_to(&w, "224.0.0.22"));
	WANT(w.message[0], 0x22);
	WANT(records(&w), 3);
	WANT(record_type(&w, "239.1.2.3"), 2);
	WANT(record_sources(&w, "239.1.2.3"), 0);
	WANT(record_type(&w, "239.1.2.4"), 2);
	WANT(record_type(&w, "232.1.1.1"), 1);
	WANT(record_sources(&w, "232.1.1.1"), 1);
	WANT(wire_next(&w, 800), 0);
	/* The header has a router alert and may not leave the link. */
	WANT(w.packet[0], 0x46);
	WANT(w.packet[1], 0xc0);
	WANT(w.packet[8], 1);
	WANT(w.packet[20], 0x94);

	query3(3, "239.1.2.4", NULL, 0);
	CHECK(wire_next(&w, 1500) > 0);
	WANT(records(&w), 1);
	WANT(record_type(&w, "239.1.2.4"), 2);
	WANT(wire_next(&w, 500), 0);

	/* Of the sources in question, those that are wanted. */
	query3(3, "232.1.1.1", both, 2);
	CHECK(wire_next(&w, 1500) > 0);
	WANT(records(&w), 1);
	WANT(record_type(&w, "232.1.1.1"), 1);
	WANT(record_sources(&w, "232.1.1.1"), 1);
	query3(3, "232.1.1.1", other, 1);
	WANT(wire_next(&w, 600), 0);
	query3(3, "239.1.2.3", other, 1);
	CHECK(wire_next(&w, 1500) > 0);
	WANT(record_type(&w, "239.1.2.3"), 2);
	/* Not if it is blocked. */
	WANT(source(IP_BLOCK_SOURCE, "239.1.2.3", "10.9.9.9"), 0);
	CHECK(wire_next(&w, 1500) > 0);
	WANT(record_type(&w, "239.1.2.3"), 6);
	wire_drain(&w, 1300);
	query3(3, "239.1.2.3", other, 1);
	WANT(wire_next(&w, 600), 0);
	CHECK(shows("left", " V3"));
	CHECK(strstr(text_of("/proc/net/mcfilter"), "Idx Device        MCA        SRC    INC    EXC\n") != NULL);
	CHECK(strstr(text_of("/proc/net/mcfilter"), "   left 0xef010203 0x0a090909      0      1\n") != NULL);
	CHECK(strstr(text_of("/proc/net/mcfilter"), "   left 0xe8010101 0x0a010101      1      0\n") != NULL);
}

static void hostile(void)
{
	const char *one[] = { "10.1.1.1" };
	int count;

	say(0x11, 1, "0.0.0.0", NULL, 0, 0, 12, 1);   /* checksum */
	say(0x11, 1, "0.0.0.0", NULL, 0, 0, 7, 0);    /* torn */
	say(0x11, 1, "0.0.0.0", NULL, 0, 0, 11, 0);
	say(0x11, 1, "0.0.0.0", one, 1, 1, 16, 0);    /* sources of no group */
	say(0x11, 1, "239.1.2.3", one, 1, 9, 16, 0);  /* more sources than there are */
	say(0x11, 1, "239.1.2.99", NULL, 0, 0, 12, 0); /* nobody's group */
	say(0x77, 1, "0.0.0.0", NULL, 0, 0, 12, 0);
	WANT(wire_next(&w, 600), 0);
	for (int i = 0; i < 2000; i++)
		query3(1, i % 2 ? "0.0.0.0" : "239.1.2.4", NULL, 0);
	count = wire_drain(&w, 500);
	CHECK(count >= 1);
	CHECK(count < 500);
}

static void older(void)
{
	int heard = 0;

	/* As if an older router were there. */
	WANT(write_text("/proc/sys/net/ipv4/conf/left/force_igmp_version", "2\n"), 0);
	CHECK(shows("left", " V2"));
	query3(3, "239.1.2.4", NULL, 0);
	CHECK(wire_next(&w, 1500) > 0);
	WANT(w.message[0], 0x16);
	CHECK(wire_goes_to(&w, "239.1.2.4"));
	WANT(write_text("/proc/sys/net/ipv4/conf/left/force_igmp_version", "0\n"), 0);
	CHECK(shows("left", " V3"));

	query2(5, "0.0.0.0");
	while (wire_next(&w, 1000)) {
		heard++;
		WANT(w.message[0], 0x16);
		CHECK(!memcmp(w.packet + 16, w.message + 4, 4));
	}
	WANT(heard, 3);
	CHECK(shows("left", " V2"));
	CHECK(shows("040201EF", "0:00000000\t\t1"));

	/* Another host's report is enough. */
	query2(250, "239.1.2.4");
	say(0x16, 0, "239.1.2.4", NULL, 0, 0, 8, 0);
	usleep(100000);
	CHECK(shows("040201EF", "0:00000000\t\t0"));
	query2(250, "239.1.2.3");
	usleep(100000);
	CHECK(shows("030201EF", " 1:"));
	/* A shorter one takes its place. */
	query2(2, "239.1.2.3");
	CHECK(wire_next(&w, 1000) > 0);
	WANT(w.message[0], 0x16);
	CHECK(wire_goes_to(&w, "239.1.2.3"));
	/* Who reported last says that it leaves. */
	WANT(member(IP_DROP_MEMBERSHIP, "239.1.2.3"), 0);
	CHECK(wire_next(&w, 1000) > 0);
	WANT(w.message[0], 0x17);
	CHECK(wire_goes_to(&w, "224.0.0.2"));
	WANT(member(IP_DROP_MEMBERSHIP, "239.1.2.4"), 0);
	WANT(wire_next(&w, 300), 0);
	WANT(member(IP_ADD_MEMBERSHIP, "239.1.2.6"), 0);
	CHECK(wire_next(&w, 1000) > 0);
	WANT(w.message[0], 0x16);
	CHECK(wire_goes_to(&w, "239.1.2.6"));

	query2(0, "0.0.0.0");
	usleep(100000);
	CHECK(shows("left", " V1"));
	WANT(member(IP_DROP_MEMBERSHIP, "239.1.2.6"), 0);
	/* Nobody says that he leaves; what was due from before may still come. */
	while (wire_next(&w, 300))
		CHECK(w.message[0] != 0x17);
	WANT(member(IP_ADD_MEMBERSHIP, "239.1.2.7"), 0);
	CHECK(wire_next(&w, 1000) > 0);
	WANT(w.message[0], 0x12);
}

int main(void)
{
	alarm(60);
	w = wire_new(AF_INET);
	NEED(addr_add("left", "10.9.0.1", 24) ? -1 : 0);
	sock = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	wire_drain(&w, 300);
	changes();
	version3();
	hostile();
	older();
	return done();
}
