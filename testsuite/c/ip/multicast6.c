/*
 * IPv6 multicast: join a group on the card, hear it, leave it; the options' ranges. ipv6(7), RFC
 * 3493 section 5.2.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <net/if.h>

int main(void)
{
	struct ipv6_mreq join = { .ipv6mr_interface = if_nametoindex("eth0") };
	struct address group = loopback(AF_INET6, 0), any = group;
	int member = NEED(socket(AF_INET6, SOCK_DGRAM, 0)), sender = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	char byte;

	if (!join.ipv6mr_interface)
		return skip("no eth0");
	inet_pton(AF_INET6, "ff15::1:2", &join.ipv6mr_multiaddr);
	any.v6.sin6_addr = in6addr_any;
	NEED(bind(member, &any.any, any.length));
	any = name_of(member);
	group.v6.sin6_port = any.v6.sin6_port;
	group.v6.sin6_addr = join.ipv6mr_multiaddr;
	WANT(setsockopt(member, IPPROTO_IPV6, IPV6_JOIN_GROUP, &join, sizeof join), 0);
	FAILS(setsockopt(member, IPPROTO_IPV6, IPV6_JOIN_GROUP, &join, sizeof join), EADDRINUSE);
	set_int(sender, IPPROTO_IPV6, IPV6_MULTICAST_IF, join.ipv6mr_interface);
	WANT(get_int(sender, IPPROTO_IPV6, IPV6_MULTICAST_IF), join.ipv6mr_interface);
	WANT(get_int(sender, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 1);
	WANT(sendto(sender, "x", 1, 0, &group.any, group.length), 1);
	WANT(ready(member, POLLIN, 2000), POLLIN);
	WANT(recv(member, &byte, 1, 0), 1);
	WANT(setsockopt(member, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &join, sizeof join), 0);
	FAILS(setsockopt(member, IPPROTO_IPV6, IPV6_LEAVE_GROUP, &join, sizeof join), EADDRNOTAVAIL);
	FAILS(setsockopt(sender, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &(int){ 256 }, sizeof(int)), EINVAL);
	FAILS(setsockopt(sender, IPPROTO_IPV6, IPV6_MULTICAST_IF, &(int){ 9999 }, sizeof(int)), ENODEV);
	inet_pton(AF_INET6, "2001:db8::1", &join.ipv6mr_multiaddr);
	FAILS(setsockopt(member, IPPROTO_IPV6, IPV6_JOIN_GROUP, &join, sizeof join), EINVAL);
	return done();
}
