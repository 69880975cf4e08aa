/*
 * IP_FREEBIND lets a socket have an address that is not there. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address address = loopback(AF_INET, 0);
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));

	address.v4.sin_addr.s_addr = inet_addr("192.0.2.77");
	FAILS(bind(fd, &address.any, address.length), EADDRNOTAVAIL);
	WANT(get_int(fd, IPPROTO_IP, IP_FREEBIND), 0);
	set_int(fd, IPPROTO_IP, IP_FREEBIND, 1);
	WANT(bind(fd, &address.any, address.length), 0);
	WANT(name_of(fd).v4.sin_addr.s_addr, address.v4.sin_addr.s_addr);
	return done();
}
