/*
 * connect(2) on UDP sets the peer: send needs no address, datagrams of others are not
 * delivered, AF_UNSPEC dissolves it, and a refusal comes back as ECONNREFUSED.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct address a, b, c, gone, name;
	struct sockaddr nobody_in_particular = { .sa_family = AF_UNSPEC };
	int one = bound(family, SOCK_DGRAM, &a), two = bound(family, SOCK_DGRAM, &b);
	int stranger = bound(family, SOCK_DGRAM, &c);
	char byte;

	FAILS(send(one, "x", 1, 0), EDESTADDRREQ);
	WANT(connect(one, &b.any, b.length), 0);
	name = peer_of(one);
	CHECK(same_address(&name, &b));
	WANT(sendto(stranger, "s", 1, 0, &a.any, a.length), 1);
	WANT(sendto(two, "t", 1, 0, &a.any, a.length), 1);
	WANT(recv(one, &byte, 1, 0), 1);
	WANT(byte, 't');
	FAILS(recv(one, &byte, 1, MSG_DONTWAIT), EAGAIN);
	WANT(send(one, "o", 1, 0), 1);
	WANT(recv(two, &byte, 1, 0), 1);
	WANT(connect(one, &nobody_in_particular, sizeof nobody_in_particular), 0);
	FAILS(getpeername(one, &name.any, &name.length), ENOTCONN);
	gone = nobody(family, SOCK_DGRAM);
	WANT(connect(one, &gone.any, gone.length), 0);
	WANT(send(one, "x", 1, 0), 1);
	FAILS(recv(one, &byte, 1, 0), ECONNREFUSED);
	FAILS(recv(one, &byte, 1, MSG_DONTWAIT), EAGAIN);
	close(one);
	close(two);
	close(stranger);
}

int main(void)
{
	for_both(test);
	return done();
}
