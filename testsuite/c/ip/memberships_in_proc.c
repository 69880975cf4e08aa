/*
 * /proc/net/igmp and igmp6 list a group while somebody is a member. proc(5).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "text.h"

int main(void)
{
	struct ip_mreqn four = { .imr_multiaddr.s_addr = inet_addr("239.4.5.6"), .imr_ifindex = 1 };
	struct ipv6_mreq six = { .ipv6mr_interface = 1 };
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), fd6 = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	const char *want = "060504EF";

	inet_pton(AF_INET6, "ff15::abcd", &six.ipv6mr_multiaddr);
	CHECK(strstr(text_of("/proc/net/igmp"), want) == NULL);
	NEED(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &four, sizeof four));
	CHECK(strstr(text_of("/proc/net/igmp"), want) != NULL);
	close(fd);
	CHECK(strstr(text_of("/proc/net/igmp"), want) == NULL);
	want = "ff15000000000000000000000000abcd";
	NEED(setsockopt(fd6, IPPROTO_IPV6, IPV6_JOIN_GROUP, &six, sizeof six));
	CHECK(strstr(text_of("/proc/net/igmp6"), want) != NULL);
	close(fd6);
	CHECK(strstr(text_of("/proc/net/igmp6"), want) == NULL);
	return done();
}
