/*
 * Connecting to 0.0.0.0 or :: means this machine. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address, any, peer;
	int listener = tcp_listen(family, &address), client = NEED(socket(family, SOCK_STREAM, 0));

	any = address;
	if (family == AF_INET)
		any.v4.sin_addr.s_addr = INADDR_ANY;
	else
		any.v6.sin6_addr = in6addr_any;
	WANT(connect(client, &any.any, any.length), 0);
	peer = peer_of(client);
	CHECK(same_address(&peer, &address));
	close(listener);
	close(client);
}

int main(void)
{
	for_both(test);
	return done();
}
