/*
 * Two sockets with SO_REUSEADDR may have one port as long as neither listens; the second
 * listen(2) fails. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address = nobody(family, SOCK_STREAM);
	int one = NEED(socket(family, SOCK_STREAM, 0)), two = NEED(socket(family, SOCK_STREAM, 0));

	set_int(one, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(two, SOL_SOCKET, SO_REUSEADDR, 1);
	WANT(bind(one, &address.any, address.length), 0);
	WANT(bind(two, &address.any, address.length), 0);
	WANT(listen(one, 1), 0);
	FAILS(listen(two, 1), EADDRINUSE);
	close(one);
	WANT(listen(two, 1), 0);
	close(two);
}

int main(void)
{
	for_both(test);
	return done();
}
