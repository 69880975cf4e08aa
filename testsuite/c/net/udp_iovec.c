/*
 * sendmsg(2) and recvmsg(2) on datagrams: one datagram of all buffers; msg_name both
 * ways; MSG_TRUNC in msg_flags where the buffers were too small.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct address a, b, from = no_address();
	int one = bound(family, SOCK_DGRAM, &a), two = bound(family, SOCK_DGRAM, &b);
	char first[2], second[16];
	struct iovec out[] = { { "12", 2 }, { "3456", 4 } };
	struct iovec in[] = { { first, sizeof first }, { second, sizeof second } };
	struct msghdr message = { .msg_name = &b.any, .msg_namelen = b.length, .msg_iov = out, .msg_iovlen = 2 };

	WANT(sendmsg(one, &message, 0), 6);
	message = (struct msghdr){ .msg_name = &from.any, .msg_namelen = from.length, .msg_iov = in, .msg_iovlen = 2 };
	WANT(recvmsg(two, &message, 0), 6);
	from.length = message.msg_namelen;
	CHECK(same_address(&from, &a));
	CHECK(memcmp(first, "12", 2) == 0 && memcmp(second, "3456", 4) == 0);
	WANT(message.msg_flags, 0);
	WANT(sendto(one, "abcdef", 6, 0, &b.any, b.length), 6);
	message = (struct msghdr){ .msg_iov = in, .msg_iovlen = 1 };
	WANT(recvmsg(two, &message, 0), 2);
	WANT(message.msg_flags, MSG_TRUNC);
	/* The rest of the datagram is gone. */
	FAILS(recv(two, first, sizeof first, MSG_DONTWAIT), EAGAIN);
	close(one);
	close(two);
}

int main(void)
{
	for_both(test);
	return done();
}
