/*
 * tee(2) copies from one pipe to another without taking; vmsplice(2) puts memory into a
 * pipe; both go on to a socket by splice(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	int one[2], two[2];
	char text[] = "memory", buffer[16];
	struct iovec part = { text, 6 };

	NEED(pipe(one));
	NEED(pipe(two));
	WANT(vmsplice(one[1], &part, 1, 0), 6);
	WANT(tee(one[0], two[1], 100, 0), 6);
	WANT(splice(two[0], NULL, pair.client, NULL, 100, 0), 6);
	WANT(recv(pair.server, buffer, 16, 0), 6);
	WANT(memcmp(buffer, "memory", 6), 0);
	WANT(read(one[0], buffer, 16), 6);
	FAILS(tee(one[0], two[1], 1, SPLICE_F_NONBLOCK), EAGAIN);
	FAILS(tee(one[0], one[1], 1, 0), EINVAL);
	FAILS(tee(pair.server, two[1], 1, 0), EINVAL);
	FAILS(vmsplice(pair.client, &part, 1, 0), EBADF);
	return done();
}
