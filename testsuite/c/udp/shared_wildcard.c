/*
 * An AF_INET6 socket on :: has the port of AF_INET too, unless IPV6_V6ONLY; V6ONLY cannot
 * change after bind. ipv6(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address address = nobody(AF_INET6, SOCK_DGRAM), v4;
	int six = NEED(socket(AF_INET6, SOCK_DGRAM, 0)), four = NEED(socket(AF_INET, SOCK_DGRAM, 0)), only = NEED(socket(AF_INET6, SOCK_DGRAM, 0));

	address.v6.sin6_addr = in6addr_any;
	v4 = loopback(AF_INET, port_of(&address));
	v4.v4.sin_addr.s_addr = INADDR_ANY;
	WANT(bind(six, &address.any, address.length), 0);
	FAILS(bind(four, &v4.any, v4.length), EADDRINUSE);
	FAILS(setsockopt(six, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 1 }, sizeof(int)), EINVAL);
	close(six);
	set_int(only, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	WANT(bind(only, &address.any, address.length), 0);
	WANT(bind(four, &v4.any, v4.length), 0);
	return done();
}
