/*
 * A datagram socket that was shut down answers EPIPE without SIGPIPE; a stream that never
 * was connected raises it. send(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "handler.h"

int main(void)
{
	struct pair pair = udp_pair(AF_INET);
	int fresh = NEED(socket(AF_INET, SOCK_STREAM, 0)), ends[2];

	handle(SIGPIPE, 0);
	NEED(shutdown(pair.client, SHUT_WR));
	FAILS(send(pair.client, "x", 1, 0), EPIPE);
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	NEED(shutdown(ends[0], SHUT_WR));
	FAILS(send(ends[0], "x", 1, 0), EPIPE);
	WANT(handled, 0);
	FAILS(send(fresh, "x", 1, 0), EPIPE);
	WANT(handled, 1);
	return done();
}
