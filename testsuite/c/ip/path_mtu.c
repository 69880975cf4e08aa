/*
 * IP_MTU is the path's MTU of a connected socket, ENOTCONN otherwise; IP_MTU_DISCOVER and
 * IPV6_MTU_DISCOVER take their values only. ip(7), ipv6(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair four = udp_pair(AF_INET), six = udp_pair(AF_INET6);
	int fresh = NEED(socket(AF_INET, SOCK_DGRAM, 0)), value;
	socklen_t length = sizeof value;

	FAILS(getsockopt(fresh, IPPROTO_IP, IP_MTU, &value, &length), ENOTCONN);
	WANT(get_int(four.client, IPPROTO_IP, IP_MTU), 65535);
	WANT(get_int(six.client, IPPROTO_IPV6, IPV6_MTU), 65536);
	WANT(get_int(four.client, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_WANT);
	set_int(four.client, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	WANT(get_int(four.client, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_PROBE);
	FAILS(setsockopt(fresh, IPPROTO_IP, IP_MTU_DISCOVER, &(int){ 6 }, sizeof(int)), EINVAL);
	FAILS(setsockopt(fresh, IPPROTO_IP, IP_MTU_DISCOVER, &(int){ -1 }, sizeof(int)), EINVAL);
	FAILS(setsockopt(six.client, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &(int){ 6 }, sizeof(int)), EINVAL);
	FAILS(setsockopt(four.client, IPPROTO_IP, IP_MTU, &(int){ 1500 }, sizeof(int)), ENOPROTOOPT);
	return done();
}
