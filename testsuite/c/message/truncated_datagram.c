/*
 * A datagram longer than the buffer is cut: MSG_TRUNC in msg_flags, and its real length
 * as the answer where MSG_TRUNC was asked for. recv(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

static void test(int family)
{
	struct pair pair = udp_pair(family);
	char little[2];
	struct iovec part = { little, sizeof little };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	NEED(send(pair.client, "abcde", 5, 0));
	NEED(send(pair.client, "fghij", 5, 0));
	NEED(send(pair.client, "kl", 2, 0));
	WANT(recvmsg(pair.server, &header, 0), 2);
	CHECK(header.msg_flags & MSG_TRUNC);
	WANT(recvmsg(pair.server, &header, MSG_TRUNC), 5);
	CHECK(header.msg_flags & MSG_TRUNC);
	WANT(memcmp(little, "fg", 2), 0);
	WANT(recvmsg(pair.server, &header, 0), 2);
	CHECK(!(header.msg_flags & MSG_TRUNC));
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
