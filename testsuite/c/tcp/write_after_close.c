/*
 * Data for a socket that was closed: the peer answers with a reset, then writing is EPIPE.
 * RFC 1122 section 4.2.2.13.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);

	close(pair.server);
	NEED(ready(pair.client, POLLIN, 5000));
	WANT(send(pair.client, "x", 1, MSG_NOSIGNAL), 1);
	for (int i = 0; i < 200 && !(ready(pair.client, 0, 0) & POLLERR); i++)
		sleep_ms(5);
	FAILS(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
	close(pair.client);
}

int main(void)
{
	for_both(test);
	return done();
}
