/*
 * An AF_INET6 socket speaks IPv4 through ::ffff:a.b.c.d: both ends see their own form.
 * ipv6(7), RFC 3493 section 3.7.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address address, mapped = loopback(AF_INET6, 0), own, peer;
	int listener = tcp_listen(AF_INET, &address), fd = NEED(socket(AF_INET6, SOCK_STREAM, 0)), server;

	inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.v6.sin6_addr);
	mapped.v6.sin6_port = address.v4.sin_port;
	WANT(connect(fd, &mapped.any, mapped.length), 0);
	server = NEED(accept(listener, NULL, NULL));
	own = name_of(fd);
	peer = peer_of(server);
	CHECK(IN6_IS_ADDR_V4MAPPED(&own.v6.sin6_addr));
	WANT(peer.any.sa_family, AF_INET);
	WANT(own.v6.sin6_port, peer.v4.sin_port);
	fd = NEED(socket(AF_INET6, SOCK_STREAM, 0));
	set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	FAILS(connect(fd, &mapped.any, mapped.length), ENETUNREACH);
	return done();
}
