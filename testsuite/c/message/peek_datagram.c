/*
 * MSG_PEEK leaves a datagram where it is, with its length and its sender. recv(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address a, b, from = no_address();
	int one = bound(family, SOCK_DGRAM, &a), two = bound(family, SOCK_DGRAM, &b);
	char buffer[8];

	NEED(sendto(one, "first", 5, 0, &b.any, b.length));
	NEED(sendto(one, "second", 6, 0, &b.any, b.length));
	WANT(recv(two, buffer, 2, MSG_PEEK), 2);
	WANT(recv(two, buffer, 2, MSG_PEEK | MSG_TRUNC), 5);
	WANT(recvfrom(two, buffer, 8, MSG_PEEK, &from.any, &from.length), 5);
	CHECK(same_address(&from, &a));
	WANT(recv(two, buffer, 8, 0), 5);
	WANT(recv(two, buffer, 8, 0), 6);
	FAILS(recv(two, buffer, 8, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	close(one);
	close(two);
}

int main(void)
{
	for_both(test);
	return done();
}
