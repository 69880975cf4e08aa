/*
 * IPv4 multicast: a member hears what is sent to the group on its interface, the sender's
 * IP_MULTICAST_LOOP decides whether this machine does. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	struct ip_mreqn join = { .imr_multiaddr.s_addr = inet_addr("239.1.2.3"), .imr_ifindex = 1 };
	struct address group = loopback(AF_INET, 0), any = group;
	int member = NEED(socket(AF_INET, SOCK_DGRAM, 0)), sender = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	char byte;

	any.v4.sin_addr.s_addr = INADDR_ANY;
	NEED(bind(member, &any.any, any.length));
	any = name_of(member);
	group.v4.sin_port = any.v4.sin_port;
	group.v4.sin_addr = join.imr_multiaddr;
	NEED(setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &join, sizeof join));
	WANT(setsockopt(member, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof join), 0);
	FAILS(setsockopt(member, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof join), EADDRINUSE);
	WANT(get_int(sender, IPPROTO_IP, IP_MULTICAST_LOOP), 1);
	WANT(sendto(sender, "x", 1, 0, &group.any, group.length), 1);
	WANT(ready(member, POLLIN, 2000), POLLIN);
	WANT(recv(member, &byte, 1, 0), 1);
	WANT(setsockopt(member, IPPROTO_IP, IP_DROP_MEMBERSHIP, &join, sizeof join), 0);
	FAILS(setsockopt(member, IPPROTO_IP, IP_DROP_MEMBERSHIP, &join, sizeof join), EADDRNOTAVAIL);
	sendto(sender, "y", 1, 0, &group.any, group.length);
	sleep_ms(30);
	FAILS(recv(member, &byte, 1, MSG_DONTWAIT), EAGAIN);
	return done();
}
