/*
 * SO_LINGER with a time of 0: close(2) resets the connection; the peer loses what it had
 * not read. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	struct linger linger = { 1, 0 };
	char byte;

	NEED(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
	close(pair.client);
	CHECK(ready(pair.server, POLLIN, 5000) & (POLLERR | POLLHUP));
	FAILS(send(pair.server, "x", 1, MSG_NOSIGNAL), ECONNRESET);
	WANT(recv(pair.server, &byte, 1, 0), 0);
	FAILS(send(pair.server, "x", 1, MSG_NOSIGNAL), EPIPE);
	close(pair.server);
}

int main(void)
{
	for_both(test);
	return done();
}
