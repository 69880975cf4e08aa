/*
 * A stream end closed with unread data resets the other: ECONNRESET once; without unread
 * data the end is 0. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	int ends[2];
	char byte;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	NEED(send(ends[0], "x", 1, 0));
	close(ends[1]);
	FAILS(recv(ends[0], &byte, 1, 0), ECONNRESET);
	WANT(recv(ends[0], &byte, 1, 0), 0);
	FAILS(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	NEED(send(ends[0], "last", 4, 0));
	close(ends[0]);
	WANT(recv(ends[1], &byte, 1, 0), 1);
	WANT(recv(ends[1], (char[8]){ 0 }, 8, 0), 3);
	WANT(recv(ends[1], &byte, 1, 0), 0);
	return done();
}
