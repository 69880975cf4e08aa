/*
 * shutdown(2) of one direction: the peer reads the end, the other direction still
 * carries data; writing after SHUT_WR is EPIPE; reading after SHUT_RD is 0.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	char text[8];

	NEED(send(pair.client, "last", 4, 0));
	WANT(shutdown(pair.client, SHUT_WR), 0);
	WANT(recv_all(pair.server, text, sizeof text), 4);
	WANT(recv(pair.server, text, sizeof text, 0), 0);
	CHECK(ready(pair.server, POLLIN | POLLRDHUP, 0) & POLLRDHUP);
	WANT(send(pair.server, "reply", 5, 0), 5);
	WANT(recv(pair.client, text, sizeof text, 0), 5);
	FAILS(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(shutdown(pair.server, SHUT_RD), 0);
	WANT(recv(pair.server, text, sizeof text, 0), 0);
	WANT(shutdown(pair.server, SHUT_WR), 0);
	WANT(recv(pair.client, text, sizeof text, 0), 0);
	CHECK(ready(pair.client, POLLIN, 0) & POLLHUP);
	FAILS(shutdown(pair.client, 7), EINVAL);
	close_pair(pair);
}

static void unconnected(int family)
{
	FAILS(shutdown(NEED(socket(family, SOCK_STREAM, 0)), SHUT_RDWR), ENOTCONN);
}

int main(void)
{
	for_both(test);
	for_both(unconnected);
	return done();
}
