/*
 * connect(2) to a port where nobody listens: ECONNREFUSED at once when blocking;
 * when not, through SO_ERROR (socket(7)), which is cleared by reading it.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct address address = nobody(family, SOCK_STREAM);
	int fd = NEED(socket(family, SOCK_STREAM, 0));

	FAILS(connect(fd, &address.any, address.length), ECONNREFUSED);
	close(fd);
	fd = NEED(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
	FAILS(connect(fd, &address.any, address.length), EINPROGRESS);
	CHECK(ready(fd, POLLOUT, 5000) & POLLERR);
	WANT(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	WANT(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
	FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	close(fd);
}

int main(void)
{
	for_both(test);
	return done();
}
