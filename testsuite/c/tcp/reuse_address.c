/*
 * A port with a listener is taken even with SO_REUSEADDR; with only connections left on it,
 * SO_REUSEADDR on the new socket is enough. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address), other = NEED(socket(family, SOCK_STREAM, 0));
	int client = NEED(socket(family, SOCK_STREAM, 0)), server;

	set_int(listener, SOL_SOCKET, SO_REUSEADDR, 1);
	FAILS(bind(other, &address.any, address.length), EADDRINUSE);
	set_int(other, SOL_SOCKET, SO_REUSEADDR, 1);
	FAILS(bind(other, &address.any, address.length), EADDRINUSE);
	NEED(connect(client, &address.any, address.length));
	server = NEED(accept(listener, NULL, NULL));
	close(listener);
	set_int(other, SOL_SOCKET, SO_REUSEADDR, 0);
	FAILS(bind(other, &address.any, address.length), EADDRINUSE);
	set_int(other, SOL_SOCKET, SO_REUSEADDR, 1);
	WANT(bind(other, &address.any, address.length), 0);
	WANT(listen(other, 1), 0);
	close(server);
	close(client);
	close(other);
}

int main(void)
{
	for_both(test);
	return done();
}
