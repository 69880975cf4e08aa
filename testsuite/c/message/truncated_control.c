/*
 * Ancillary data that do not fit are cut: MSG_CTRUNC in msg_flags; without room there is
 * none. recvmsg(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

static void test(int family)
{
	static struct message m;
	struct pair pair = udp_pair(family);

	set_int(pair.server, SOL_SOCKET, SO_TIMESTAMP, 1);
	for (int i = 0; i < 4; i++)
		NEED(send(pair.client, "x", 1, 0));
	WANT(receive(pair.server, &m, 0), 1);
	CHECK(!(m.flags & MSG_CTRUNC));
	CHECK(ancillary(&m, SOL_SOCKET, SO_TIMESTAMP) != NULL);
	WANT(receive_within(pair.server, &m, 0, CMSG_LEN(4)), 1);
	CHECK(m.flags & MSG_CTRUNC);
	WANT(m.header.msg_controllen, CMSG_LEN(4));
	WANT(receive_within(pair.server, &m, 0, 3), 1);
	CHECK(m.flags & MSG_CTRUNC);
	WANT(m.header.msg_controllen, 0);
	WANT(recv(pair.server, m.data, 1, 0), 1);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
