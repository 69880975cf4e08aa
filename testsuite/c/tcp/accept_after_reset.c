/*
 * A client that reset before it was accepted: accept(2) still gives it, reading says
 * ECONNRESET. accept(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address), client = NEED(socket(family, SOCK_STREAM, 0)), server;
	struct linger reset = { 1, 0 };
	char byte;

	NEED(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
	NEED(connect(client, &address.any, address.length));
	close(client);
	sleep_ms(20);
	server = accept(listener, NULL, NULL);
	CHECK(server >= 0);
	FAILS(recv(server, &byte, 1, 0), ECONNRESET);
	close(server);
	close(listener);
}

int main(void)
{
	for_both(test);
	return done();
}
