/*
 * connect(2) while an attempt is under way: EALREADY. The attempt goes to an address
 * that answers nothing: a listener whose queue is full drops the SYN.
 * Agrees: Linux 6.18.
 */
#include "net.h"

int main(void)
{
	struct address address;
	int listener = bound(AF_INET, SOCK_STREAM, &address);
	int fd = -1, pending = 0;

	/* Backlog 0 takes one connection; after it, SYNs are dropped. */
	NEED(listen(listener, 0));
	for (int i = 0; i < 8 && !pending; i++) {
		fd = NEED(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
		connect(fd, &address.any, address.length);
		pending = !ready(fd, POLLOUT, 300);
	}
	CHECK(pending);
	FAILS(connect(fd, &address.any, address.length), EALREADY);
	WANT(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
	WANT(ready(fd, POLLOUT, 0), 0);
	return done();
}
