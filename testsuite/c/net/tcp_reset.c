/*
 * Closing with SO_LINGER of zero seconds, or with unread data, resets the connection:
 * the peer reads ECONNRESET once, then the end, and gets EPIPE on writing (socket(7),
 * RFC 9293 section 3.10.4).
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	char byte;

	NEED(setsockopt(pair.server, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
	close(pair.server);
	CHECK(ready(pair.client, POLLIN, 5000) & POLLERR);
	FAILS(recv(pair.client, &byte, 1, 0), ECONNRESET);
	WANT(recv(pair.client, &byte, 1, 0), 0);
	FAILS(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
	close(pair.client);

	pair = tcp_pair(family);
	NEED(send(pair.client, "unread", 6, 0));
	CHECK(ready(pair.server, POLLIN, 5000) & POLLIN);
	close(pair.server);
	CHECK(ready(pair.client, POLLIN, 5000) & POLLERR);
	FAILS(recv(pair.client, &byte, 1, 0), ECONNRESET);
	close(pair.client);
}

int main(void)
{
	for_both(test);
	return done();
}
