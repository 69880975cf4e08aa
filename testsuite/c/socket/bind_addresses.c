/*
 * bind(2) takes addresses of this machine only, a socket is bound once, and an address
 * of another family is refused.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address v4 = loopback(AF_INET, 0), v6 = loopback(AF_INET6, 0);
	int fd = NEED(socket(AF_INET, SOCK_STREAM, 0)), six = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	struct address foreign = v4;

	inet_pton(AF_INET, "192.0.2.1", &foreign.v4.sin_addr);
	FAILS(bind(fd, &foreign.any, foreign.length), EADDRNOTAVAIL);
	FAILS(bind(fd, &v6.any, v6.length), EAFNOSUPPORT);
	FAILS(bind(six, &v4.any, v4.length), EINVAL);
	inet_pton(AF_INET6, "2001:db8::1", &v6.v6.sin6_addr);
	FAILS(bind(six, &v6.any, v6.length), EADDRNOTAVAIL);
	v4.v4.sin_addr.s_addr = htonl(0x7f010203);
	WANT(bind(fd, &v4.any, v4.length), 0);
	FAILS(bind(fd, &v4.any, v4.length), EINVAL);
	WANT(name_of(fd).v4.sin_addr.s_addr, htonl(0x7f010203));
	CHECK(ntohs(name_of(fd).v4.sin_port) != 0);
	return done();
}
