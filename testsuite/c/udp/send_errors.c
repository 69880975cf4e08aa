/*
 * Where a datagram cannot go: port 0, another family, no address at all, urgent data. sendto(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address to = loopback(AF_INET, 0), six = loopback(AF_INET6, 9);
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), fd6 = NEED(socket(AF_INET6, SOCK_DGRAM, 0));

	FAILS(sendto(fd, "x", 1, 0, &to.any, to.length), EINVAL);
	FAILS(sendto(fd, "x", 1, 0, &six.any, six.length), EAFNOSUPPORT);
	FAILS(send(fd, "x", 1, 0), EDESTADDRREQ);
	FAILS(sendto(fd, "x", 1, MSG_OOB, &to.any, to.length), EOPNOTSUPP);
	to.v4.sin_port = htons(9);
	FAILS(sendto(fd, "x", 1, MSG_OOB, &to.any, to.length), EOPNOTSUPP);
	FAILS(sendto(fd6, "x", 1, 0, &six.any, 20), EINVAL);
	FAILS(listen(fd, 1), EOPNOTSUPP);
	return done();
}
