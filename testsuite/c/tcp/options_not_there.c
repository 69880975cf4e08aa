/*
 * Options of other protocols on a TCP socket, and TCP options that cannot be set or got
 * there: ENOPROTOOPT. tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	int fd = NEED(socket(AF_INET, SOCK_STREAM, 0)), udp = NEED(socket(AF_INET, SOCK_DGRAM, 0)), value = 1;
	socklen_t length = sizeof value;

	FAILS(setsockopt(fd, IPPROTO_TCP, 9999, &value, sizeof value), ENOPROTOOPT);
	FAILS(getsockopt(fd, IPPROTO_TCP, 9999, &value, &length), ENOPROTOOPT);
	FAILS(setsockopt(fd, IPPROTO_TCP, TCP_INFO, &value, sizeof value), ENOPROTOOPT);
	FAILS(setsockopt(fd, IPPROTO_UDP, 1, &value, sizeof value), ENOPROTOOPT);
	FAILS(setsockopt(udp, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value), ENOPROTOOPT);
	FAILS(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof value), ENOPROTOOPT);
	FAILS(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, 3), EINVAL);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 3), EINVAL);
	return done();
}
