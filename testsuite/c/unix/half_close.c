/*
 * shutdown(2) of one direction: the peer reads the rest and then 0, the other direction
 * goes on; SHUT_RD makes the peer's writing EPIPE. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	int ends[2];
	char buffer[8];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	NEED(send(ends[0], "abc", 3, 0));
	WANT(shutdown(ends[0], SHUT_WR), 0);
	WANT(recv(ends[1], buffer, 8, 0), 3);
	WANT(recv(ends[1], buffer, 8, 0), 0);
	FAILS(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(send(ends[1], "back", 4, 0), 4);
	WANT(recv(ends[0], buffer, 8, 0), 4);
	WANT(shutdown(ends[0], SHUT_RD), 0);
	FAILS(send(ends[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	return done();
}
