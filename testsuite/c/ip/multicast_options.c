/*
 * The multicast options' values: TTL 1 at first, -1 means 1, one byte is enough; loop is a
 * truth value; the interface must exist. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct ip_mreqn which = { .imr_ifindex = 9999 };
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	unsigned char one = 7;
	struct in_addr address = { 0 };
	socklen_t length = sizeof address;

	WANT(get_int(fd, IPPROTO_IP, IP_MULTICAST_TTL), 1);
	WANT(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &one, 1), 0);
	WANT(get_int(fd, IPPROTO_IP, IP_MULTICAST_TTL), 7);
	set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, -1);
	WANT(get_int(fd, IPPROTO_IP, IP_MULTICAST_TTL), 1);
	FAILS(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &(int){ 256 }, sizeof(int)), EINVAL);
	set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 5);
	WANT(get_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP), 1);
	FAILS(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &which, sizeof which), EADDRNOTAVAIL);
	address.s_addr = htonl(INADDR_LOOPBACK);
	WANT(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &address, sizeof address), 0);
	WANT(getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &address, &length), 0);
	WANT(ntohl(address.s_addr), INADDR_LOOPBACK);
	which = (struct ip_mreqn){ .imr_multiaddr.s_addr = inet_addr("10.1.1.1"), .imr_ifindex = 1 };
	FAILS(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &which, sizeof which), EINVAL);
	FAILS(setsockopt(NEED(socket(AF_INET, SOCK_STREAM, 0)), IPPROTO_IP, IP_MULTICAST_TTL, &one, 1), EINVAL);
	return done();
}
