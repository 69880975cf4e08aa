/*
 * close(2) with unread data resets: the peer's next read fails with ECONNRESET. RFC 1122
 * section 4.2.2.13.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	char buffer[8];

	NEED(send(pair.client, "unread", 6, 0));
	NEED(ready(pair.server, POLLIN, 5000));
	close(pair.server);
	NEED(ready(pair.client, POLLIN, 5000));
	FAILS(recv(pair.client, buffer, 8, 0), ECONNRESET);
	WANT(recv(pair.client, buffer, 8, 0), 0);
	close(pair.client);
}

int main(void)
{
	for_both(test);
	return done();
}
