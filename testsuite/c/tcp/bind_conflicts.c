/*
 * A port on one address and on every address are the same port; two addresses of the
 * machine are two. bind(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address one = nobody(AF_INET, SOCK_STREAM), two = one, any = one;
	int a = NEED(socket(AF_INET, SOCK_STREAM, 0)), b = NEED(socket(AF_INET, SOCK_STREAM, 0));
	int c = NEED(socket(AF_INET, SOCK_STREAM, 0));

	two.v4.sin_addr.s_addr = htonl(0x7f000002);
	any.v4.sin_addr.s_addr = INADDR_ANY;
	WANT(bind(a, &one.any, one.length), 0);
	WANT(bind(b, &two.any, two.length), 0);
	FAILS(bind(c, &any.any, any.length), EADDRINUSE);
	close(a);
	FAILS(bind(c, &any.any, any.length), EADDRINUSE);
	close(b);
	WANT(bind(c, &any.any, any.length), 0);
	WANT(listen(c, 1), 0);
	return done();
}
