/*
 * Values that IP options take: IP_TTL 1 to 255, IP_TOS a byte, IPV6_UNICAST_HOPS -1 to
 * 255, IPV6_TCLASS -1 to 255; the rest EINVAL. ip(7), ipv6(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	int four = NEED(socket(AF_INET, SOCK_DGRAM, 0)), six = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	unsigned char byte = 5;

	WANT(get_int(four, IPPROTO_IP, IP_TTL), 64);
	FAILS(setsockopt(four, IPPROTO_IP, IP_TTL, &(int){ 0 }, sizeof(int)), EINVAL);
	FAILS(setsockopt(four, IPPROTO_IP, IP_TTL, &(int){ 256 }, sizeof(int)), EINVAL);
	WANT(setsockopt(four, IPPROTO_IP, IP_TTL, &byte, 1), 0);
	WANT(get_int(four, IPPROTO_IP, IP_TTL), 5);
	set_int(four, IPPROTO_IP, IP_TTL, -1);
	WANT(get_int(four, IPPROTO_IP, IP_TTL), 64);
	set_int(four, IPPROTO_IP, IP_TOS, 0x5c);
	WANT(get_int(four, IPPROTO_IP, IP_TOS), 0x5c);
	WANT(get_int(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS), 64);
	set_int(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255);
	FAILS(setsockopt(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &(int){ 256 }, sizeof(int)), EINVAL);
	FAILS(setsockopt(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &(int){ -2 }, sizeof(int)), EINVAL);
	FAILS(setsockopt(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &byte, 1), EINVAL);
	set_int(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1);
	WANT(get_int(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS), 64);
	FAILS(setsockopt(six, IPPROTO_IPV6, IPV6_TCLASS, &(int){ 256 }, sizeof(int)), EINVAL);
	set_int(six, IPPROTO_IPV6, IPV6_TCLASS, -1);
	WANT(get_int(six, IPPROTO_IPV6, IPV6_TCLASS), 0);
	return done();
}
