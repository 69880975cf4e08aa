/*
 * A client that sent and closed before it was accepted: accept(2) gives the connection,
 * its data and its end.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address), client = NEED(socket(family, SOCK_STREAM, 0)), server;
	char buffer[8];

	NEED(connect(client, &address.any, address.length));
	NEED(send(client, "bye", 3, 0));
	close(client);
	sleep_ms(20);
	server = accept(listener, NULL, NULL);
	CHECK(server >= 0);
	WANT(recv(server, buffer, 8, 0), 3);
	WANT(recv(server, buffer, 8, 0), 0);
	close(server);
	close(listener);
}

int main(void)
{
	for_both(test);
	return done();
}
