/*
 * MSG_WAITALL has no effect on datagrams. recv(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = udp_pair(family);
	char buffer[16];

	NEED(send(pair.client, "abc", 3, 0));
	NEED(send(pair.client, "def", 3, 0));
	WANT(recv(pair.server, buffer, 16, MSG_WAITALL), 3);
	WANT(recv(pair.server, buffer, 16, MSG_WAITALL), 3);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
