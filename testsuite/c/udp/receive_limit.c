/*
 * SO_RCVBUF limits what waits: with a small one some of many datagrams are dropped, what
 * arrived is whole and in order. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	static char block[512];
	struct pair pair = udp_pair(family);
	int last = -1, got, count = 0, ordered = 1;

	set_int(pair.server, SOL_SOCKET, SO_RCVBUF, 8192);
	for (int i = 0; i < 200; i++) {
		memcpy(block, &i, sizeof i);
		NEED(send(pair.client, block, sizeof block, 0));
	}
	while (recv(pair.server, block, sizeof block, MSG_DONTWAIT) == sizeof block) {
		memcpy(&got, block, sizeof got);
		ordered &= got > last;
		last = got;
		count++;
	}
	CHECK(count >= 5 && count < 100);
	CHECK(ordered);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
