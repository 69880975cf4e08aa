/*
 * poll(2) on a socket without a connection, and on one whose connection was refused.
 * connect(2), poll(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address gone = nobody(family, SOCK_STREAM);
	int fd = NEED(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0)), all = POLLIN | POLLOUT | POLLRDHUP;

	WANT(ready(fd, all, 0), POLLOUT | POLLHUP);
	FAILS(connect(fd, &gone.any, gone.length), EINPROGRESS);
	NEED(ready(fd, POLLIN, 5000));
	WANT(ready(fd, all, 0), POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	WANT(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	WANT(ready(fd, all, 0) & POLLERR, 0);
	close(fd);
}

int main(void)
{
	for_both(test);
	return done();
}
