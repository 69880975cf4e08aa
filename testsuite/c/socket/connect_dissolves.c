/*
 * connect(2) to AF_UNSPEC takes a datagram socket's peer away: it receives from anybody
 * again; it keeps a port only where bind(2) named one. udp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address a, b, other, none = { .length = sizeof(struct sockaddr) };
	int one = NEED(socket(family, SOCK_DGRAM, 0)), two = bound(family, SOCK_DGRAM, &b), stranger = bound(family, SOCK_DGRAM, &other);
	int unbound = NEED(socket(family, SOCK_DGRAM, 0));
	char byte;

	memset(&none.storage, 0, sizeof none.storage);
	a = nobody(family, SOCK_DGRAM);
	NEED(bind(one, &a.any, a.length));
	NEED(connect(one, &b.any, b.length));
	NEED(sendto(stranger, "s", 1, 0, &a.any, a.length));
	FAILS(recv(one, &byte, 1, MSG_DONTWAIT), EAGAIN);
	WANT(connect(one, &none.any, none.length), 0);
	FAILS(getpeername(one, &other.any, &other.length), ENOTCONN);
	FAILS(send(one, "x", 1, 0), EDESTADDRREQ);
	NEED(sendto(stranger, "t", 1, 0, &a.any, a.length));
	WANT(recv(one, &byte, 1, 0), 1);
	WANT(byte, 't');
	NEED(connect(unbound, &b.any, b.length));
	CHECK(port_of(&(struct address){ .storage = name_of(unbound).storage }) != 0);
	WANT(connect(unbound, &none.any, none.length), 0);
	other = name_of(unbound);
	WANT(port_of(&other), 0);
	close(one);
	close(two);
	close(stranger);
	close(unbound);
}

int main(void)
{
	for_both(test);
	return done();
}
