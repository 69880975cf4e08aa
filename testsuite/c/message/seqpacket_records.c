/*
 * SOCK_SEQPACKET keeps records: MSG_EOR on each, the rest of a cut one is lost, the end is
 * a length of 0. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	int ends[2];
	char two[2];

	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends));
	WANT(send(ends[0], "abcd", 4, MSG_EOR), 4);
	WANT(send(ends[0], "efgh", 4, 0), 4);
	WANT(recv(ends[1], two, 2, 0), 2);
	WANT(receive(ends[1], &m, 0), 4);
	WANT(memcmp(m.data, "efgh", 4), 0);
	close(ends[0]);
	WANT(receive(ends[1], &m, 0), 0);
	FAILS(send(ends[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	return done();
}
