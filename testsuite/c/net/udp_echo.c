/*
 * UDP datagrams between two unconnected sockets: boundaries and source addresses are
 * kept, an empty datagram arrives, the largest one too (udp(7)).
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	static char big[65507], got[70000];
	struct address server, client, from = no_address();
	int s = bound(family, SOCK_DGRAM, &server), c = NEED(socket(family, SOCK_DGRAM, 0));

	WANT(sendto(c, "hello", 5, 0, &server.any, server.length), 5);
	client = name_of(c);
	CHECK(port_of(&client) != 0);
	WANT(recvfrom(s, got, sizeof got, 0, &from.any, &from.length), 5);
	WANT(port_of(&from), port_of(&client));
	WANT(sendto(s, got, 5, 0, &from.any, from.length), 5);
	WANT(recv(c, got, sizeof got, 0), 5);
	CHECK(memcmp(got, "hello", 5) == 0);
	WANT(sendto(c, "", 0, 0, &server.any, server.length), 0);
	WANT(sendto(c, "two", 3, 0, &server.any, server.length), 3);
	WANT(recv(s, got, sizeof got, 0), 0);
	WANT(recv(s, got, sizeof got, 0), 3);
	memset(big, 'b', sizeof big);
	WANT(sendto(c, big, sizeof big, 0, &server.any, server.length), sizeof big);
	WANT(recv(s, got, sizeof got, 0), sizeof big);
	CHECK(memcmp(big, got, sizeof big) == 0);
	FAILS(sendto(c, got, sizeof got, 0, &server.any, server.length), EMSGSIZE);
	close(s);
	close(c);
}

int main(void)
{
	for_both(test);
	return done();
}
