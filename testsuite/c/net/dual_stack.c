/*
 * Wildcard binds and IPv4-mapped addresses (ipv6(7), RFC 3493): a listener on :: takes
 * IPv4 connections unless IPV6_V6ONLY; both names are mapped; 0.0.0.0 and 127/8 work.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static int wildcard6(int only, struct address *address)
{
	struct address a = loopback(AF_INET6, 0);
	int fd = NEED(socket(AF_INET6, SOCK_STREAM, 0));

	set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, only);
	a.v6.sin6_addr = in6addr_any;
	NEED(bind(fd, &a.any, a.length));
	NEED(listen(fd, 4));
	*address = name_of(fd);
	return fd;
}

int main(void)
{
	struct address any, target, peer = no_address();
	int listener = wildcard6(0, &any), client = NEED(socket(AF_INET, SOCK_STREAM, 0)), fd;

	target = loopback(AF_INET, port_of(&any));
	WANT(connect(client, &target.any, target.length), 0);
	fd = NEED(accept(listener, &peer.any, &peer.length));
	WANT(peer.any.sa_family, AF_INET6);
	CHECK(IN6_IS_ADDR_V4MAPPED(&peer.v6.sin6_addr));
	close(fd);
	close(client);
	client = NEED(socket(AF_INET6, SOCK_STREAM, 0));
	target = loopback(AF_INET6, port_of(&any));
	WANT(connect(client, &target.any, target.length), 0);
	fd = NEED(accept(listener, NULL, NULL));
	close(fd);
	close(client);
	close(listener);

	listener = wildcard6(1, &any);
	WANT(get_int(listener, IPPROTO_IPV6, IPV6_V6ONLY), 1);
	target = loopback(AF_INET, port_of(&any));
	FAILS(connect(NEED(socket(AF_INET, SOCK_STREAM, 0)), &target.any, target.length), ECONNREFUSED);
	close(listener);

	/* Any address of 127/8 is this machine. */
	listener = NEED(socket(AF_INET, SOCK_STREAM, 0));
	target = loopback(AF_INET, 0);
	target.v4.sin_addr.s_addr = htonl(INADDR_ANY);
	NEED(bind(listener, &target.any, target.length));
	NEED(listen(listener, 4));
	target = name_of(listener);
	target.v4.sin_addr.s_addr = htonl(0x7f020304);
	client = NEED(socket(AF_INET, SOCK_STREAM, 0));
	WANT(connect(client, &target.any, target.length), 0);
	peer = name_of(NEED(accept(listener, NULL, NULL)));
	WANT(ntohl(peer.v4.sin_addr.s_addr), 0x7f020304);
	/* Connecting to 0.0.0.0 means loopback. */
	target.v4.sin_addr.s_addr = htonl(INADDR_ANY);
	WANT(connect(NEED(socket(AF_INET, SOCK_STREAM, 0)), &target.any, target.length), 0);
	return done();
}
