/*
 * connect(2) to AF_UNSPEC ends a TCP connection with a reset, and the socket can connect
 * again. connect(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	struct address address, none = { .length = sizeof(struct sockaddr) };
	int listener = tcp_listen(AF_INET, &address);
	char byte;

	memset(&none.storage, 0, sizeof none.storage);
	WANT(connect(pair.client, &none.any, none.length), 0);
	FAILS(recv(pair.server, &byte, 1, 0), ECONNRESET);
	FAILS(getpeername(pair.client, &none.any, &none.length), ENOTCONN);
	WANT(connect(pair.client, &address.any, address.length), 0);
	CHECK(accept(listener, NULL, NULL) >= 0);
	return done();
}
