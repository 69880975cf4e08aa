/*
 * An answer "port unreachable" becomes ECONNREFUSED on a connected socket, once, on the
 * next call; an unconnected one hears nothing. udp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address gone = nobody(family, SOCK_DGRAM);
	int fd = NEED(socket(family, SOCK_DGRAM, 0)), loose = NEED(socket(family, SOCK_DGRAM, 0));
	char byte;

	NEED(connect(fd, &gone.any, gone.length));
	WANT(send(fd, "x", 1, 0), 1);
	CHECK(ready(fd, POLLIN, 5000) & POLLERR);
	FAILS(send(fd, "y", 1, 0), ECONNREFUSED);
	WANT(send(fd, "z", 1, 0), 1);
	CHECK(ready(fd, POLLIN, 5000) & POLLERR);
	FAILS(recv(fd, &byte, 1, 0), ECONNREFUSED);
	NEED(sendto(loose, "x", 1, 0, &gone.any, gone.length));
	WANT(ready(loose, POLLIN, 50), 0);
	close(fd);
	close(loose);
}

int main(void)
{
	for_both(test);
	return done();
}
