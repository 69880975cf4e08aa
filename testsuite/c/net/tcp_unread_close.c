/*
 * Closing with unread data resets the connection (RFC 2525, section 2.17); the peer
 * hears of it once, then sees the end (RFC 9293, tcp(7)). Without unread data a
 * close is a FIN, and what was sent before it arrives.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void reset(int family)
{
	struct pair pair = tcp_pair(family);
	char byte;

	WANT(send(pair.client, "x", 1, 0), 1);
	WANT(ready(pair.server, POLLIN, 1000), POLLIN);
	close(pair.server);
	CHECK(ready(pair.client, POLLIN, 1000) & (POLLERR | POLLHUP));
	FAILS(recv(pair.client, &byte, 1, 0), ECONNRESET);
	WANT(recv(pair.client, &byte, 1, 0), 0);
	FAILS(send(pair.client, &byte, 1, MSG_NOSIGNAL), EPIPE);
	WANT(get_int(pair.client, SOL_SOCKET, SO_ERROR), 0);
	close(pair.client);
}

static void orderly(int family)
{
	struct pair pair = tcp_pair(family);
	char buffer[8];

	WANT(send(pair.server, "last", 4, 0), 4);
	close(pair.server);
	WANT(recv(pair.client, buffer, sizeof buffer, 0), 4);
	WANT(recv(pair.client, buffer, sizeof buffer, 0), 0);
	WANT(get_int(pair.client, SOL_SOCKET, SO_ERROR), 0);
	/* Nobody is there to read: the first send is answered with RST. */
	WANT(send(pair.client, "x", 1, MSG_NOSIGNAL), 1);
	CHECK(ready(pair.client, POLLIN, 1000) & POLLHUP);
	FAILS(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
	close(pair.client);
}

/* SO_LINGER with no time: RST at once, what was sent is lost or not, the peer is told. */
static void abort_(int family)
{
	struct pair pair = tcp_pair(family);
	struct linger now = { 1, 0 };
	char byte;

	NEED(setsockopt(pair.server, SOL_SOCKET, SO_LINGER, &now, sizeof now));
	close(pair.server);
	CHECK(ready(pair.client, POLLIN, 1000) & POLLERR);
	WANT(get_int(pair.client, SOL_SOCKET, SO_ERROR), ECONNRESET);
	WANT(recv(pair.client, &byte, 1, 0), 0);
	close(pair.client);
}

int main(void)
{
	for_both(reset);
	for_both(orderly);
	for_both(abort_);
	return done();
}
