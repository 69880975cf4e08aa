/*
 * A raw ICMPv6 socket sends with a checksum that the kernel computes, receives without an
 * IPv6 header and filters types. RFC 3542 sections 3.1 and 3.2.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <netinet/icmp6.h>

int main(void)
{
	struct address to = loopback(AF_INET6, 0);
	unsigned char echo[8] = { 128, 0, 0, 0, 0, 1, 0, 0 }, packet[64];
	struct icmp6_filter filter;
	int raw = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);

	if (raw == -1 && errno == EPERM)
		return skip("not root");
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
	WANT(setsockopt(raw, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter), 0);
	WANT(sendto(raw, echo, sizeof echo, 0, &to.any, to.length), 8);
	WANT(ready(raw, POLLIN, 2000), POLLIN);
	WANT(recv(raw, packet, sizeof packet, 0), 8);
	WANT(packet[0], 129);
	CHECK(packet[2] || packet[3]);
	FAILS(recv(raw, packet, sizeof packet, MSG_DONTWAIT), EAGAIN);
	FAILS(setsockopt(raw, IPPROTO_IPV6, IPV6_CHECKSUM, &(int){ 4 }, sizeof(int)), EINVAL);
	return done();
}
