/*
 * SO_ERROR answers an error once and clears it; a failed connect leaves none. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address gone = nobody(family, SOCK_STREAM), port = nobody(family, SOCK_DGRAM);
	int fd = NEED(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0)), udp = NEED(socket(family, SOCK_DGRAM, 0));

	FAILS(connect(fd, &gone.any, gone.length), EINPROGRESS);
	NEED(ready(fd, POLLOUT, 5000));
	WANT(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	WANT(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
	NEED(connect(udp, &port.any, port.length));
	NEED(send(udp, "x", 1, 0));
	NEED(ready(udp, POLLIN, 5000));
	WANT(get_int(udp, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	WANT(get_int(udp, SOL_SOCKET, SO_ERROR), 0);
	FAILS(setsockopt(udp, SOL_SOCKET, SO_ERROR, &(int){ 1 }, sizeof(int)), ENOPROTOOPT);
	close(fd);
	close(udp);
}

int main(void)
{
	for_both(test);
	return done();
}
