/*
 * bind(2): a port in use is EADDRINUSE, with SO_REUSEADDR only while somebody listens;
 * a foreign address is EADDRNOTAVAIL; a second bind and a short address are EINVAL; a
 * wrong family is EAFNOSUPPORT.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct address address, foreign;
	int listener = tcp_listen(family, &address);
	int fd = NEED(socket(family, SOCK_STREAM, 0)), other = NEED(socket(family, SOCK_STREAM, 0));

	FAILS(bind(fd, &address.any, address.length), EADDRINUSE);
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	FAILS(bind(fd, &address.any, address.length), EADDRINUSE);
	FAILS(bind(listener, &address.any, address.length), EINVAL);
	FAILS(bind(fd, &address.any, 4), EINVAL);
	foreign = loopback(family, 0);
	if (family == AF_INET)
		foreign.v4.sin_addr.s_addr = htonl(0xc6336401); /* 198.51.100.1, RFC 5737 */
	else
		inet_pton(AF_INET6, "2001:db8::1", &foreign.v6.sin6_addr);
	FAILS(bind(fd, &foreign.any, foreign.length), EADDRNOTAVAIL);
	address = loopback(family, 0);
	address.any.sa_family = AF_UNIX;
	FAILS(bind(fd, &address.any, address.length), EAFNOSUPPORT);
	/* Two sockets that both allow it, neither of them listening. */
	set_int(other, SOL_SOCKET, SO_REUSEADDR, 1);
	address = loopback(family, 0);
	NEED(bind(fd, &address.any, address.length));
	address = name_of(fd);
	WANT(bind(other, &address.any, address.length), 0);
	close(fd);
	close(other);
	close(listener);
}

int main(void)
{
	for_both(test);
	return done();
}
