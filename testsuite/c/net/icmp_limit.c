/*
 * How many ICMP errors a host sends: six in a row to a destination and then one a second (IPv6: ten), fewer when all destinations together
 * ask for much, none of that over lo. net.ipv4.icmp_{ratelimit,ratemask,msgs_per_sec,msgs_burst} and
 * net.ipv6.icmp.{ratelimit,ratemask} (Documentation/networking/ip-sysctl, RFC 4443 section 2.4 (f)); who answers pings at all.
 * Agrees: Linux 7.2 (6.18 with other values at the beginning).
 */
#include "link.h"
#include "text.h"

#include <linux/errqueue.h>
#include <netinet/ip_icmp.h>

enum { TRIES = 48 };

static int says(const char *path, const char *value)
{
	char full[128];
	char *text;

	snprintf(full, sizeof full, "/proc/sys/net/%s", path);
	text = text_of(full);
	text[strcspn(text, "\n")] = 0;
	if (strcmp(text, value))
		printf("# %s is '%s'\n", path, text);
	return !strcmp(text, value);
}

static struct address at(const char *text, int port)
{
	struct address a = loopback(address_family(text), port);

	inet_pton(a.any.sa_family, text, a.any.sa_family == AF_INET6 ? (void *)&a.v6.sin6_addr : (void *)&a.v4.sin_addr);
	return a;
}

/* How many of so many datagrams to a closed port are complained about within a moment. */
static int complaints_from(const char *from, const char *to)
{
	struct address peer = at(to, 9), own = at(from, 0);
	int fd = NEED(socket(peer.any.sa_family, SOCK_DGRAM, 0)), on = 1, count = 0;
	struct pollfd p = { .fd = fd };
	char byte;

	if (peer.any.sa_family == AF_INET6)
		NEED(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on));
	else
		NEED(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on));
	NEED(bind(fd, &own.any, own.length));
	for (int i = 0; i < TRIES; i++)
		/* The error of the one before may be told instead. */
		while (sendto(fd, "x", 1, 0, &peer.any, peer.length) < 0 && errno == ECONNREFUSED)
			;
	while (poll(&p, 1, 150) > 0)
		while (recv(fd, &byte, 1, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
			count++;
	close(fd);
	return count;
}

/* Whether a ping is answered within a moment. */
static int answers(const char *to)
{
	struct address peer = at(to, 0);
	int fd = NEED(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	struct icmphdr echo = { .type = ICMP_ECHO };
	unsigned char got[128];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int answered = 0, on = 1;

	echo.checksum = htons(0xffff - (ICMP_ECHO << 8));
	NEED(setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on));
	NEED(sendto(fd, &echo, sizeof echo, 0, &peer.any, peer.length));
	while (!answered && poll(&p, 1, 1200) > 0)
		answered = recv(fd, got, sizeof got, 0) >= 28 && got[20] == ICMP_ECHOREPLY;
	close(fd);
	return answered;
}

/* Of all namespaces: the number behind OutRateLimitHost of this one. */
static long refused(void)
{
	char *text = text_of("/proc/net/snmp"), *names = strstr(text, "Icmp: InMsgs"), *name, *rest;
	int column = 0;
	char *numbers = names ? strstr(names + 1, "Icmp: ") : NULL;

	if (!numbers)
		return -1;
	numbers[-1] = 0;
	for (name = strtok_r(names, " ", &rest); name && strcmp(name, "OutRateLimitHost"); name = strtok_r(NULL, " ", &rest))
		column++;
	for (name = strtok_r(numbers, " ", &rest); name && column; name = strtok_r(NULL, " ", &rest))
		column--;
	return name ? atol(name) : -1;
}

int main(void)
{
	struct space there;
	int some;

	NEED(unshare(CLONE_NEWNET));
	there = space_new();
	NEED(link_veth("left", "right", there.pid));
	NEED(link_up("lo"));
	NEED(link_up("left"));
	for (int i = 1; i < 6; i++) {
		char own[32];

		snprintf(own, sizeof own, "10.9.0.%d", i);
		NEED(addr_add("left", own, 24));
		snprintf(own, sizeof own, "fd09::%d", i);
		NEED(addr_add("left", own, 64));
	}
	space_enter(&there);
	NEED(link_up("right"));
	NEED(addr_add("right", "10.9.0.9", 24));
	NEED(addr_add("right", "fd09::9", 64));
	CHECK(says("ipv4/icmp_msgs_per_sec", "10000"));
	CHECK(says("ipv4/icmp_msgs_burst", "10000"));
	CHECK(says("ipv4/icmp_ratelimit", "1000"));
	CHECK(says("ipv4/icmp_ratemask", "6168"));
	CHECK(says("ipv4/icmp_echo_ignore_all", "0"));
	CHECK(says("ipv4/icmp_echo_ignore_broadcasts", "1"));
	CHECK(says("ipv6/icmp/ratelimit", "100"));
	CHECK(says("ipv6/icmp/ratemask", "0-1,3-127"));
	CHECK(says("ipv6/icmp/echo_ignore_all", "0"));
	CHECK(says("ipv6/icmp/echo_ignore_multicast", "0"));
	NEED(link_becomes("right", IFF_UP | IFF_RUNNING, IFF_UP | IFF_RUNNING) ? 0 : -1);
	space_leave();
	NEED(link_becomes("left", IFF_UP | IFF_RUNNING, IFF_UP | IFF_RUNNING) ? 0 : -1);
	/* The neighbours are known from here on. */
	CHECK(answers("10.9.0.9"));

	/* What all destinations share: a few at most, and then next to none in this time. */
	space_enter(&there);
	WANT(write_text("/proc/sys/net/ipv4/icmp_msgs_burst", "4\n"), 0);
	WANT(write_text("/proc/sys/net/ipv4/icmp_msgs_per_sec", "4\n"), 0);
	WANT(write_text("/proc/sys/net/ipv4/icmp_ratelimit", "0\n"), 0);
	WANT(write_text("/proc/sys/net/ipv6/icmp/ratelimit", "0\n"), 0);
	space_leave();
	some = complaints_from("10.9.0.4", "10.9.0.9");
	/* Each costs nothing to two of the four at random: about five. */
	printf("# %d of %d\n", some, TRIES);
	CHECK(some >= 1 && some < TRIES / 2);
	CHECK(complaints_from("fd09::4", "fd09::9") < TRIES / 2);
	space_enter(&there);
	WANT(write_text("/proc/sys/net/ipv4/icmp_msgs_burst", "10000\n"), 0);
	WANT(write_text("/proc/sys/net/ipv4/icmp_msgs_per_sec", "10000\n"), 0);
	WANT(write_text("/proc/sys/net/ipv4/icmp_ratelimit", "1000\n"), 0);
	WANT(write_text("/proc/sys/net/ipv6/icmp/ratelimit", "100\n"), 0);
	/* The bucket is looked after every 20 ms. */
	usleep(50000);
	space_leave();

	/* Six, and one more should a second pass. */
	some = complaints_from("10.9.0.1", "10.9.0.9");
	CHECK(some >= 6 && some < 9);
	some = complaints_from("10.9.0.2", "10.9.0.9");
	CHECK(some >= 6 && some < 9);
	some = complaints_from("fd09::1", "fd09::9");
	CHECK(some >= 6 && some < TRIES);
	WANT(complaints_from("127.0.0.1", "127.0.0.1"), TRIES);
	WANT(complaints_from("::1", "::1"), TRIES);
	WANT(complaints_from("10.9.0.1", "10.9.0.2"), TRIES);

	space_enter(&there);
	CHECK(refused() >= TRIES);
	FAILS(write_text("/proc/sys/net/ipv4/icmp_msgs_per_sec", "-1\n"), EINVAL);
	FAILS(write_text("/proc/sys/net/ipv4/icmp_msgs_burst", "-1\n"), EINVAL);
	FAILS(write_text("/proc/sys/net/ipv6/icmp/ratemask", "5-3\n"), EINVAL);
	FAILS(write_text("/proc/sys/net/ipv6/icmp/ratemask", "256\n"), EINVAL);
	WANT(write_text("/proc/sys/net/ipv6/icmp/ratemask", "3,1-2,255\n"), 0);
	CHECK(says("ipv6/icmp/ratemask", "1-3,255"));
	/* Types that are not in the mask are not limited. */
	WANT(write_text("/proc/sys/net/ipv6/icmp/ratemask", "2-127\n"), 0);
	WANT(write_text("/proc/sys/net/ipv4/icmp_ratemask", "6160\n"), 0);
	space_leave();
	WANT(complaints_from("10.9.0.1", "10.9.0.9"), TRIES);
	WANT(complaints_from("fd09::1", "fd09::9"), TRIES);

	/* No time between two is no limit. */
	space_enter(&there);
	WANT(write_text("/proc/sys/net/ipv6/icmp/ratemask", "0-1,3-127\n"), 0);
	WANT(write_text("/proc/sys/net/ipv4/icmp_ratemask", "6168\n"), 0);
	WANT(write_text("/proc/sys/net/ipv4/icmp_ratelimit", "0\n"), 0);
	WANT(write_text("/proc/sys/net/ipv6/icmp/ratelimit", "0\n"), 0);
	space_leave();
	WANT(complaints_from("10.9.0.3", "10.9.0.9"), TRIES);
	WANT(complaints_from("fd09::3", "fd09::9"), TRIES);

	/* Echo replies are not in the mask. */
	CHECK(answers("10.9.0.9"));
	CHECK(!answers("10.9.0.255"));
	space_enter(&there);
	WANT(write_text("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1\n"), 0);
	space_leave();
	CHECK(!answers("10.9.0.9"));
	space_end(&there);
	return done();
}
