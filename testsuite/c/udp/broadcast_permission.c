/*
 * Sending to a broadcast address needs SO_BROADCAST: EACCES. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address to = loopback(AF_INET, 9);
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));

	to.v4.sin_addr.s_addr = htonl(0x7fffffff);
	FAILS(sendto(fd, "x", 1, 0, &to.any, to.length), EACCES);
	FAILS(connect(fd, &to.any, to.length), EACCES);
	set_int(fd, SOL_SOCKET, SO_BROADCAST, 1);
	WANT(get_int(fd, SOL_SOCKET, SO_BROADCAST), 1);
	WANT(sendto(fd, "x", 1, 0, &to.any, to.length), 1);
	return done();
}
