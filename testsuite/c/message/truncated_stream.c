/*
 * MSG_TRUNC on a TCP socket throws data away without copying them. tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	char buffer[9] = "........";

	NEED(send(pair.client, "abcdefgh", 8, 0));
	NEED(ready(pair.server, POLLIN, 5000));
	WANT(recv(pair.server, buffer, 3, MSG_TRUNC), 3);
	WANT(memcmp(buffer, "........", 8), 0);
	WANT(recv(pair.server, NULL, 2, MSG_TRUNC), 2);
	WANT(recv(pair.server, buffer, 8, 0), 3);
	WANT(memcmp(buffer, "fgh", 3), 0);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
