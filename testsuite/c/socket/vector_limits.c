/*
 * readv(2), writev(2) and sendmsg(2): up to 1024 parts, empty ones are skipped, more are
 * EINVAL for the file calls and EMSGSIZE for the socket calls.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	static struct iovec parts[1025];
	static char bytes[1025];
	volatile int negative = -1;
	struct pair pair = tcp_pair(AF_INET);
	struct msghdr header = { .msg_iov = parts, .msg_iovlen = 1025 };

	for (int i = 0; i < 1025; i++)
		parts[i] = (struct iovec){ bytes + i, i % 2 };
	WANT(writev(pair.client, parts, 1024), 512);
	WANT(readv(pair.server, parts, 1024), 512);
	FAILS(writev(pair.client, parts, 1025), EINVAL);
	FAILS(writev(pair.client, parts, negative), EINVAL);
	WANT(writev(pair.client, parts, 0), 0);
	FAILS(sendmsg(pair.client, &header, 0), EMSGSIZE);
	parts[1].iov_len = (size_t)1 << 63;
	FAILS(writev(pair.client, parts, 2), EINVAL);
	header.msg_iovlen = 2;
	FAILS(sendmsg(pair.client, &header, 0), EINVAL);
	parts[1] = (struct iovec){ nowhere, 4 };
	FAILS(writev(pair.client, parts, 2), EFAULT);
	return done();
}
