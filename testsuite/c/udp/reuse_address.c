/*
 * SO_REUSEADDR on both lets two sockets have one port; the last bound gets what is for one
 * receiver. socket(7), ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address = nobody(family, SOCK_DGRAM);
	int one = NEED(socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0)), two = NEED(socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	int sender = NEED(socket(family, SOCK_DGRAM, 0));
	char byte;

	set_int(one, SOL_SOCKET, SO_REUSEADDR, 1);
	NEED(bind(one, &address.any, address.length));
	FAILS(bind(two, &address.any, address.length), EADDRINUSE);
	set_int(two, SOL_SOCKET, SO_REUSEADDR, 1);
	WANT(bind(two, &address.any, address.length), 0);
	NEED(sendto(sender, "x", 1, 0, &address.any, address.length));
	CHECK((recv(one, &byte, 1, 0) == 1) + (recv(two, &byte, 1, 0) == 1) == 1);
	close(one);
	close(two);
	close(sender);
}

int main(void)
{
	for_both(test);
	return done();
}
