/*
 * The side that closes first keeps its port in TIME-WAIT: bind fails unless both the old
 * socket and the new one have SO_REUSEADDR. RFC 9293 section 3.3.2.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void closed_first(int family, int reuse)
{
	struct address address, local = nobody(family, SOCK_STREAM);
	int listener = tcp_listen(family, &address), client = NEED(socket(family, SOCK_STREAM, 0)), server, again;

	set_int(client, SOL_SOCKET, SO_REUSEADDR, reuse);
	NEED(bind(client, &local.any, local.length));
	NEED(connect(client, &address.any, address.length));
	server = NEED(accept(listener, NULL, NULL));
	close(client);
	NEED(ready(server, POLLIN, 5000));
	close(server);
	sleep_ms(30);
	again = NEED(socket(family, SOCK_STREAM, 0));
	set_int(again, SOL_SOCKET, SO_REUSEADDR, reuse);
	if (reuse)
		WANT(bind(again, &local.any, local.length), 0);
	else
		FAILS(bind(again, &local.any, local.length), EADDRINUSE);
	close(again);
	close(listener);
}

static void test(int family)
{
	closed_first(family, 0);
	closed_first(family, 1);
}

int main(void)
{
	for_both(test);
	return done();
}
