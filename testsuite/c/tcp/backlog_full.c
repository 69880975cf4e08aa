/*
 * listen(2)'s backlog: one connection more than it says is taken, the next does not get
 * through until one has been accepted.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address address;
	int listener = bound(AF_INET, SOCK_STREAM, &address), clients[4], late;

	NEED(listen(listener, 1));
	for (int i = 0; i < 2; i++) {
		clients[i] = NEED(socket(AF_INET, SOCK_STREAM, 0));
		WANT(connect(clients[i], &address.any, address.length), 0);
	}
	late = NEED(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	FAILS(connect(late, &address.any, address.length), EINPROGRESS);
	WANT(ready(late, POLLOUT, 200), 0);
	CHECK(accept(listener, NULL, NULL) >= 0);
	WANT(ready(late, POLLOUT, 8000), POLLOUT);
	WANT(get_int(late, SOL_SOCKET, SO_ERROR), 0);
	return done();
}
