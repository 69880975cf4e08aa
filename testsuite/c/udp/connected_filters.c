/*
 * A connected datagram socket hears its peer only; others get through to an unconnected
 * one on the same port. udp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address a, b, c;
	int one = bound(family, SOCK_DGRAM, &a), two = bound(family, SOCK_DGRAM, &b), three = bound(family, SOCK_DGRAM, &c);
	char byte;

	NEED(connect(one, &b.any, b.length));
	NEED(sendto(three, "3", 1, 0, &a.any, a.length));
	NEED(sendto(two, "2", 1, 0, &a.any, a.length));
	WANT(recv(one, &byte, 1, 0), 1);
	WANT(byte, '2');
	FAILS(recv(one, &byte, 1, MSG_DONTWAIT), EAGAIN);
	WANT(sendto(one, "x", 1, 0, &c.any, c.length), 1);
	WANT(recv(three, &byte, 1, 0), 1);
	NEED(connect(one, &c.any, c.length));
	NEED(sendto(three, "4", 1, 0, &a.any, a.length));
	WANT(recv(one, &byte, 1, 0), 1);
	close(one);
	close(two);
	close(three);
}

int main(void)
{
	for_both(test);
	return done();
}
