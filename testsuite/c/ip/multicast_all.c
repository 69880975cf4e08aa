/*
 * IP_MULTICAST_ALL: a socket on every address hears groups that another socket joined; 0
 * restricts it to its own. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct ip_mreqn join = { .imr_multiaddr.s_addr = inet_addr("239.1.2.4"), .imr_ifindex = 1 };
	struct address group = loopback(AF_INET, 0), any = group;
	int member = NEED(socket(AF_INET, SOCK_DGRAM, 0)), other = NEED(socket(AF_INET, SOCK_DGRAM, 0)), sender = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	char byte;

	any.v4.sin_addr.s_addr = INADDR_ANY;
	NEED(bind(other, &any.any, any.length));
	any = name_of(other);
	group.v4.sin_port = any.v4.sin_port;
	group.v4.sin_addr = join.imr_multiaddr;
	NEED(setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &join, sizeof join));
	NEED(setsockopt(member, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof join));
	WANT(get_int(other, IPPROTO_IP, 49 /* IP_MULTICAST_ALL */), 1);
	NEED(sendto(sender, "x", 1, 0, &group.any, group.length));
	WANT(ready(other, POLLIN, 2000), POLLIN);
	WANT(recv(other, &byte, 1, 0), 1);
	set_int(other, IPPROTO_IP, 49, 0);
	NEED(sendto(sender, "y", 1, 0, &group.any, group.length));
	WANT(ready(other, POLLIN, 50), 0);
	return done();
}
