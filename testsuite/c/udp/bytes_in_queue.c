/*
 * FIONREAD is the length of the next datagram, SIOCOUTQ 0 once sent; a full queue drops
 * what comes. udp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = udp_pair(family);
	int value = -1;
	char buffer[16];

	WANT(ioctl(pair.server, FIONREAD, &value), 0);
	WANT(value, 0);
	NEED(send(pair.client, "abc", 3, 0));
	NEED(send(pair.client, "defgh", 5, 0));
	WANT(ioctl(pair.server, FIONREAD, &value), 0);
	WANT(value, 3);
	NEED(recv(pair.server, buffer, 1, 0));
	WANT(ioctl(pair.server, FIONREAD, &value), 0);
	WANT(value, 5);
	WANT(ioctl(pair.client, TIOCOUTQ, &value), 0);
	WANT(value, 0);
	FAILS(ioctl(pair.client, 0x1234, &value), ENOTTY);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
