/*
 * What recvmsg says about the sender: the name of a datagram's, none for a stream, and
 * the room is cut as in recvfrom. recvmsg(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

static void test(int family)
{
	static struct message m;
	struct pair dgram = udp_pair(family), stream = tcp_pair(family);
	struct address sender = name_of(dgram.client), cut = no_address();
	char byte;

	NEED(send(dgram.client, "x", 1, 0));
	NEED(send(dgram.client, "y", 1, 0));
	NEED(send(stream.client, "z", 1, 0));
	WANT(receive(dgram.server, &m, 0), 1);
	CHECK(same_address(&m.from, &sender));
	cut.length = 2;
	WANT(recvfrom(dgram.server, &byte, 1, 0, &cut.any, &cut.length), 1);
	WANT(cut.length, sender.length);
	WANT(cut.any.sa_family, family);
	WANT(receive(stream.server, &m, 0), 1);
	WANT(m.from.length, 0);
	WANT(m.flags, 0);
	close_pair(dgram);
	close_pair(stream);
}

int main(void)
{
	for_both(test);
	return done();
}
