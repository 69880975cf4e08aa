/*
 * Two hundred connections at once to one listener, each with its own data.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address address;
	int listener = bound(AF_INET, SOCK_STREAM, &address), clients[200], right = 0;

	NEED(listen(listener, 256));
	for (int i = 0; i < 200; i++) {
		clients[i] = NEED(socket(AF_INET, SOCK_STREAM, 0));
		NEED(connect(clients[i], &address.any, address.length));
		NEED(send(clients[i], &i, sizeof i, 0));
	}
	for (int i = 0; i < 200; i++) {
		struct address peer = no_address(), own;
		int fd = NEED(accept(listener, &peer.any, &peer.length)), got = -1;

		NEED(recv(fd, &got, sizeof got, MSG_WAITALL));
		own = name_of(clients[got]);
		right += same_address(&own, &peer);
		close(fd);
	}
	WANT(right, 200);
	return done();
}
