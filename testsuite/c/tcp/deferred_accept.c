/*
 * TCP_DEFER_ACCEPT: a connection is not accepted before data have come. tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address address;
	int listener = tcp_listen(AF_INET, &address), client = NEED(socket(AF_INET, SOCK_STREAM, 0)), server;
	char byte;

	set_int(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5);
	CHECK(get_int(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT) >= 5);
	WANT(connect(client, &address.any, address.length), 0);
	WANT(ready(listener, POLLIN, 100), 0);
	NEED(send(client, "x", 1, 0));
	WANT(ready(listener, POLLIN, 5000), POLLIN);
	server = NEED(accept(listener, NULL, NULL));
	WANT(recv(server, &byte, 1, MSG_DONTWAIT), 1);
	return done();
}
