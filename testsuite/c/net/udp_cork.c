/*
 * A datagram out of several sends (UDP_CORK, MSG_MORE) and several out of one
 * (UDP_SEGMENT). udp(7), send(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <netinet/udp.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

static void test(int family)
{
	struct pair pair = udp_pair(family);
	char buffer[64];
	int unread = 0;

	WANT(send(pair.client, "one ", 4, MSG_MORE), 4);
	WANT(recv(pair.server, buffer, sizeof buffer, MSG_DONTWAIT) == -1 && errno == EAGAIN, 1);
	WANT(send(pair.client, "two", 3, 0), 3);
	WANT(recv(pair.server, buffer, sizeof buffer, 0), 7);
	CHECK(!memcmp(buffer, "one two", 7));

	set_int(pair.client, IPPROTO_UDP, UDP_CORK, 1);
	WANT(get_int(pair.client, IPPROTO_UDP, UDP_CORK), 1);
	WANT(send(pair.client, "abc", 3, 0), 3);
	WANT(send(pair.client, "def", 3, 0), 3);
	WANT(ioctl(pair.server, FIONREAD, &unread), 0);
	WANT(unread, 0);
	set_int(pair.client, IPPROTO_UDP, UDP_CORK, 0);
	WANT(recv(pair.server, buffer, sizeof buffer, 0), 6);
	CHECK(!memcmp(buffer, "abcdef", 6));

	set_int(pair.client, IPPROTO_UDP, UDP_SEGMENT, 4);
	WANT(send(pair.client, "0123456789", 10, 0), 10);
	WANT(recv(pair.server, buffer, sizeof buffer, 0), 4);
	CHECK(!memcmp(buffer, "0123", 4));
	WANT(recv(pair.server, buffer, sizeof buffer, 0), 4);
	WANT(recv(pair.server, buffer, sizeof buffer, 0), 2);
	CHECK(!memcmp(buffer, "89", 2));
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
