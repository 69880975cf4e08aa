/*
 * bind(2) of AF_UNSPEC means AF_INET where the address is 0.0.0.0, and nothing elsewhere.
 * ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address address = loopback(AF_INET, 0);
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), six = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	struct address v6 = loopback(AF_INET6, 0);

	address.v4.sin_family = AF_UNSPEC;
	FAILS(bind(fd, &address.any, address.length), EAFNOSUPPORT);
	address.v4.sin_addr.s_addr = INADDR_ANY;
	WANT(bind(fd, &address.any, address.length), 0);
	WANT(name_of(fd).any.sa_family, AF_INET);
	CHECK(name_of(fd).v4.sin_port != 0);
	v6.v6.sin6_family = AF_UNSPEC;
	v6.v6.sin6_addr = in6addr_any;
	FAILS(bind(six, &v6.any, v6.length), EAFNOSUPPORT);
	return done();
}
