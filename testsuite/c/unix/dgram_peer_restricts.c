/*
 * A connected datagram socket takes messages from its peer only: EPERM for others. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static int named(struct sockaddr_un *name, socklen_t *length)
{
	int fd = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));

	memset(name, 0, sizeof *name);
	name->sun_family = AF_UNIX;
	NEED(bind(fd, (struct sockaddr *)name, sizeof(sa_family_t)));
	*length = sizeof *name;
	NEED(getsockname(fd, (struct sockaddr *)name, length));
	return fd;
}

int main(void)
{
	struct sockaddr_un a, b, c;
	socklen_t la, lb, lc;
	int one = named(&a, &la), two = named(&b, &lb), three = named(&c, &lc);
	char byte;

	WANT(connect(one, (struct sockaddr *)&b, lb), 0);
	FAILS(sendto(three, "x", 1, 0, (struct sockaddr *)&a, la), EPERM);
	FAILS(connect(three, (struct sockaddr *)&a, la), EPERM);
	WANT(sendto(two, "y", 1, 0, (struct sockaddr *)&a, la), 1);
	WANT(recv(one, &byte, 1, 0), 1);
	close(two);
	FAILS(send(one, "z", 1, MSG_NOSIGNAL), ECONNREFUSED);
	FAILS(send(one, "z", 1, MSG_NOSIGNAL), ENOTCONN);
	return done();
}
