/*
 * Source filters of multicast groups: blocked sources, memberships for one
 * source, and the whole filter at once, over loopback. RFC 3678, ip(7), ipv6(7).
 * Agrees: Linux 7.2.
 */
#include "net.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stddef.h>

static int sender, receiver, lo;
static struct address group;
static const char *names[2] = { "239.7.7.7", "127.0.0.1" };

/* A datagram to the group from 127.0.0.1; whether it came. */
static int comes(void)
{
	char b[4];

	NEED(sendto(sender, "x", 1, 0, &group.any, group.length));
	if (!ready(receiver, POLLIN, 100))
		return 0;
	return NEED(recv(receiver, b, sizeof b, 0));
}

static struct in_addr ip(const char *text)
{
	struct in_addr a;

	inet_pton(AF_INET, text, &a);
	return a;
}

static int source4(int name, const char *source)
{
	struct ip_mreq_source r = { .imr_multiaddr = ip(names[0]), .imr_interface = ip(names[1]), .imr_sourceaddr = ip(source) };

	return setsockopt(receiver, IPPROTO_IP, name, &r, sizeof r);
}

static int member4(int name)
{
	struct ip_mreq r = { ip(names[0]), ip(names[1]) };

	return setsockopt(receiver, IPPROTO_IP, name, &r, sizeof r);
}

static void v4(void)
{
	struct address any = loopback(AF_INET, 0);
	struct ip_mreqn out = { .imr_address = ip(names[1]), .imr_ifindex = lo };
	_Alignas(8) char room[256];
	struct ip_msfilter *filter = (void *)room;
	socklen_t length;

	receiver = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	sender = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	any.v4.sin_addr.s_addr = 0;
	NEED(bind(receiver, &any.any, any.length));
	group = name_of(receiver);
	group.v4.sin_addr = ip(names[0]);
	NEED(setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out));
	any = loopback(AF_INET, 0);
	NEED(bind(sender, &any.any, any.length));

	FAILS(source4(IP_BLOCK_SOURCE, "127.0.0.1"), EINVAL);
	WANT(member4(IP_ADD_MEMBERSHIP), 0);
	WANT(comes(), 1);
	WANT(source4(IP_BLOCK_SOURCE, "127.0.0.1"), 0);
	FAILS(source4(IP_BLOCK_SOURCE, "127.0.0.1"), EADDRNOTAVAIL);
	WANT(comes(), 0);
	WANT(source4(IP_BLOCK_SOURCE, "10.1.2.3"), 0);
	memset(room, 0, sizeof room);
	filter->imsf_multiaddr = ip(names[0]);
	filter->imsf_interface = ip(names[1]);
	filter->imsf_numsrc = 8;
	length = IP_MSFILTER_SIZE(8);
	WANT(getsockopt(receiver, IPPROTO_IP, IP_MSFILTER, filter, &length), 0);
	WANT(length, IP_MSFILTER_SIZE(2));
	WANT(filter->imsf_fmode, MCAST_EXCLUDE);
	WANT(filter->imsf_numsrc, 2);
	WANT(source4(IP_UNBLOCK_SOURCE, "127.0.0.1"), 0);
	FAILS(source4(IP_UNBLOCK_SOURCE, "127.0.0.1"), EADDRNOTAVAIL);
	WANT(comes(), 1);
	/* Blocking and naming sources do not mix. */
	FAILS(source4(IP_DROP_SOURCE_MEMBERSHIP, "10.1.2.3"), EINVAL);
	WANT(source4(IP_UNBLOCK_SOURCE, "10.1.2.3"), 0);
	WANT(member4(IP_DROP_MEMBERSHIP), 0);

	WANT(source4(IP_ADD_SOURCE_MEMBERSHIP, "10.1.2.3"), 0);
	WANT(comes(), 0);
	WANT(source4(IP_ADD_SOURCE_MEMBERSHIP, "127.0.0.1"), 0);
	FAILS(source4(IP_ADD_SOURCE_MEMBERSHIP, "127.0.0.1"), EADDRNOTAVAIL);
	WANT(comes(), 1);
	FAILS(source4(IP_BLOCK_SOURCE, "127.0.0.1"), EINVAL);
	WANT(source4(IP_DROP_SOURCE_MEMBERSHIP, "10.1.2.3"), 0);
	WANT(comes(), 1);
	/* The last source is the membership. */
	WANT(source4(IP_DROP_SOURCE_MEMBERSHIP, "127.0.0.1"), 0);
	FAILS(source4(IP_DROP_SOURCE_MEMBERSHIP, "127.0.0.1"), EINVAL);
	FAILS(member4(IP_DROP_MEMBERSHIP), EADDRNOTAVAIL);

	/* The whole filter. */
	WANT(member4(IP_ADD_MEMBERSHIP), 0);
	filter->imsf_fmode = MCAST_INCLUDE;
	filter->imsf_numsrc = 1;
	filter->imsf_slist[0] = ip("10.1.2.3");
	WANT(setsockopt(receiver, IPPROTO_IP, IP_MSFILTER, filter, IP_MSFILTER_SIZE(1)), 0);
	WANT(comes(), 0);
	filter->imsf_slist[0] = ip("127.0.0.1");
	WANT(setsockopt(receiver, IPPROTO_IP, IP_MSFILTER, filter, IP_MSFILTER_SIZE(1)), 0);
	WANT(comes(), 1);
	FAILS(setsockopt(receiver, IPPROTO_IP, IP_MSFILTER, filter, IP_MSFILTER_SIZE(0)), EINVAL);
	filter->imsf_numsrc = 0;
	WANT(setsockopt(receiver, IPPROTO_IP, IP_MSFILTER, filter, IP_MSFILTER_SIZE(0)), 0);
	FAILS(member4(IP_DROP_MEMBERSHIP), EADDRNOTAVAIL);
	close(sender);
	close(receiver);
}

/* The card's link-local address, where there is one. */
static struct address own;
static char own_text[INET6_ADDRSTRLEN];

static int find_own(void)
{
	struct ifaddrs *all;

	NEED(getifaddrs(&all));
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct sockaddr_in6 *a = (void *)i->ifa_addr;

		if (!a || a->sin6_family != AF_INET6 || !IN6_IS_ADDR_LINKLOCAL(&a->sin6_addr) || !(i->ifa_flags & IFF_UP))
			continue;
		own = loopback(AF_INET6, 0);
		own.v6.sin6_addr = a->sin6_addr;
		own.v6.sin6_scope_id = a->sin6_scope_id;
		inet_ntop(AF_INET6, &a->sin6_addr, own_text, sizeof own_text);
	}
	freeifaddrs(all);
	return own.length != 0;
}

static int source6(int name, const char *source)
{
	struct group_source_req r;
	struct address a = loopback(AF_INET6, 0);

	memset(&r, 0, sizeof r);
	r.gsr_interface = own.v6.sin6_scope_id;
	memcpy(&r.gsr_group, &group.v6, sizeof group.v6);
	inet_pton(AF_INET6, source, &a.v6.sin6_addr);
	memcpy(&r.gsr_source, &a.v6, sizeof a.v6);
	return setsockopt(receiver, IPPROTO_IPV6, name, &r, sizeof r);
}

static void v6(void)
{
	struct address any = loopback(AF_INET6, 0);
	int card = own.v6.sin6_scope_id;
	struct ipv6_mreq r;
	_Alignas(8) char room[1024];
	struct group_filter *filter = (void *)room;
	socklen_t length;

	receiver = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	sender = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	any.v6.sin6_addr = in6addr_any;
	NEED(bind(receiver, &any.any, any.length));
	group = name_of(receiver);
	inet_pton(AF_INET6, "ff15::7777", &group.v6.sin6_addr);
	NEED(setsockopt(sender, IPPROTO_IPV6, IPV6_MULTICAST_IF, &card, sizeof card));
	/* The address may still be on trial. */
	for (int i = 0; i < 100 && bind(sender, &own.any, own.length); i++)
		usleep(50000);
	r.ipv6mr_multiaddr = group.v6.sin6_addr;
	r.ipv6mr_interface = card;

	FAILS(source6(MCAST_BLOCK_SOURCE, own_text), EINVAL);
	NEED(setsockopt(receiver, IPPROTO_IPV6, IPV6_JOIN_GROUP, &r, sizeof r));
	WANT(comes(), 1);
	WANT(source6(MCAST_BLOCK_SOURCE, own_text), 0);
	FAILS(source6(MCAST_BLOCK_SOURCE, own_text), EADDRNOTAVAIL);
	WANT(comes(), 0);
	memset(room, 0, sizeof room);
	filter->gf_interface = card;
	memcpy(&filter->gf_group, &group.v6, sizeof group.v6);
	filter->gf_numsrc = 2;
	length = GROUP_FILTER_SIZE(2);
	WANT(getsockopt(receiver, IPPROTO_IPV6, MCAST_MSFILTER, filter, &length), 0);
	WANT(filter->gf_fmode, MCAST_EXCLUDE);
	WANT(filter->gf_numsrc, 1);
	WANT(source6(MCAST_UNBLOCK_SOURCE, own_text), 0);
	WANT(comes(), 1);
	NEED(setsockopt(receiver, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &r, sizeof r));
	WANT(source6(MCAST_JOIN_SOURCE_GROUP, "2001:db8::1"), 0);
	WANT(comes(), 0);
	WANT(source6(MCAST_JOIN_SOURCE_GROUP, own_text), 0);
	WANT(comes(), 1);
	WANT(source6(MCAST_LEAVE_SOURCE_GROUP, own_text), 0);
	WANT(comes(), 0);
	WANT(source6(MCAST_LEAVE_SOURCE_GROUP, "2001:db8::1"), 0);
	FAILS(source6(MCAST_LEAVE_SOURCE_GROUP, "2001:db8::1"), EINVAL);
	close(sender);
	close(receiver);
}

int main(void)
{
	lo = if_nametoindex("lo");
	v4();
	if (find_own())
		v6();
	return done();
}
