/*
 * getsockname(2) and getpeername(2) of both ends name the same two addresses; accept
 * tells the peer's; a short buffer gets what fits and the true length.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct address server, from = no_address(), a, b;
	int listener = tcp_listen(family, &server);
	int client = NEED(socket(family, SOCK_STREAM, 0)), accepted;
	socklen_t length = 2;
	sa_family_t only_family = 0;

	FAILS(getpeername(client, &from.any, &from.length), ENOTCONN);
	a = name_of(client);
	WANT(port_of(&a), 0);
	NEED(connect(client, &server.any, server.length));
	from = no_address();
	accepted = NEED(accept(listener, &from.any, &from.length));
	a = name_of(client);
	b = peer_of(accepted);
	CHECK(port_of(&a) != 0);
	CHECK(same_address(&a, &b));
	CHECK(same_address(&a, &from));
	a = peer_of(client);
	b = name_of(accepted);
	CHECK(same_address(&a, &b));
	CHECK(same_address(&a, &server));
	WANT(getsockname(client, (struct sockaddr *)&only_family, &length), 0);
	WANT(length, server.length);
	WANT(only_family, family);
	FAILS(getpeername(listener, &from.any, &from.length), ENOTCONN);
	close(client);
	close(accepted);
	close(listener);
}

int main(void)
{
	for_both(test);
	return done();
}
