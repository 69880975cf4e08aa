/*
 * sendmsg(2) gathers and recvmsg(2) scatters over several buffers, empty ones among
 * them; readv(2) and writev(2) do the same.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	char a[3], b[10], c[10];
	struct iovec out[] = { { "abc", 3 }, { NULL, 0 }, { "defgh", 5 }, { "ij", 2 } };
	struct iovec in[] = { { a, sizeof a }, { b, 0 }, { c, sizeof c } };
	struct msghdr message = { .msg_iov = out, .msg_iovlen = 4 };

	WANT(sendmsg(pair.client, &message, 0), 10);
	message = (struct msghdr){ .msg_iov = in, .msg_iovlen = 3, .msg_flags = 0x7fff };
	WANT(recvmsg(pair.server, &message, 0), 10);
	CHECK(memcmp(a, "abc", 3) == 0);
	CHECK(memcmp(c, "defghij", 7) == 0);
	WANT(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC | MSG_OOB), 0);
	WANT(writev(pair.server, out, 4), 10);
	in[1] = (struct iovec){ b, sizeof b };
	WANT(readv(pair.client, in, 2), 10);
	CHECK(memcmp(b, "defghij", 7) == 0);
	message = (struct msghdr){ .msg_iov = out, .msg_iovlen = 2000 };
	FAILS(sendmsg(pair.client, &message, 0), EMSGSIZE);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
