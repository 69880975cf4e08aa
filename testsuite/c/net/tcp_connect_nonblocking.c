/*
 * connect(2) on a non-blocking socket: EINPROGRESS, then writable with SO_ERROR 0; a
 * third connect says EISCONN.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address);
	int fd = NEED(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));

	FAILS(connect(fd, &address.any, address.length), EINPROGRESS);
	WANT(ready(fd, POLLOUT, 5000), POLLOUT);
	WANT(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
	/* The first call after completion reports it; the next one is one too many. */
	WANT(connect(fd, &address.any, address.length), 0);
	FAILS(connect(fd, &address.any, address.length), EISCONN);
	close(fd);
	close(listener);
}

int main(void)
{
	for_both(test);
	return done();
}
