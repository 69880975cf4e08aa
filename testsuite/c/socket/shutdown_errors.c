/*
 * shutdown(2): ENOTCONN without a peer, EINVAL for a direction that is none; a connected
 * datagram socket can be shut down.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family), dgram = udp_pair(family);
	int fresh = NEED(socket(family, SOCK_STREAM, 0)), udp = NEED(socket(family, SOCK_DGRAM, 0));
	char byte;

	FAILS(shutdown(fresh, SHUT_RDWR), ENOTCONN);
	FAILS(shutdown(udp, SHUT_RD), ENOTCONN);
	FAILS(shutdown(pair.client, 3), EINVAL);
	FAILS(shutdown(pair.client, -1), EINVAL);
	WANT(shutdown(pair.client, SHUT_RD), 0);
	WANT(recv(pair.client, &byte, 1, 0), 0);
	WANT(send(pair.client, "x", 1, 0), 1);
	WANT(shutdown(dgram.client, SHUT_WR), 0);
	FAILS(send(dgram.client, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(shutdown(dgram.server, SHUT_RD), 0);
	WANT(recv(dgram.server, &byte, 1, 0), 0);
	close_pair(pair);
	close_pair(dgram);
}

int main(void)
{
	for_both(test);
	return done();
}
