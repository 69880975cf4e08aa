/*
 * Nothing sent: an empty datagram arrives as one, a stream carries nothing; nothing asked
 * for: a stream answers 0 at once, a datagram is taken. send(2), recv(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair dgram = udp_pair(family), stream = tcp_pair(family);
	char byte = 0;

	WANT(send(dgram.client, "", 0, 0), 0);
	WANT(ready(dgram.server, POLLIN, 5000), POLLIN);
	WANT(recv(dgram.server, &byte, 1, 0), 0);
	FAILS(recv(dgram.server, &byte, 1, MSG_DONTWAIT), EAGAIN);
	WANT(send(dgram.client, "ab", 2, 0), 2);
	WANT(recv(dgram.server, &byte, 0, 0), 0);
	FAILS(recv(dgram.server, &byte, 1, MSG_DONTWAIT), EAGAIN);
	WANT(send(stream.client, "", 0, 0), 0);
	FAILS(recv(stream.server, &byte, 1, MSG_DONTWAIT), EAGAIN);
	WANT(read(stream.server, &byte, 0), 0);
	WANT(send(stream.client, "x", 1, 0), 1);
	WANT(recv(stream.server, &byte, 1, 0), 1);
	WANT(write(dgram.client, "", 0), 0);
	WANT(recv(dgram.server, &byte, 1, 0), 0);
	close_pair(dgram);
	close_pair(stream);
}

int main(void)
{
	for_both(test);
	return done();
}
