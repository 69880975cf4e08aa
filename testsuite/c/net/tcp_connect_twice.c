/*
 * connect(2) on a connected blocking socket: EISCONN.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address);
	int fd = NEED(socket(family, SOCK_STREAM, 0));

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
