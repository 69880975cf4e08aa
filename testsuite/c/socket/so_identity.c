/*
 * SO_TYPE, SO_DOMAIN, SO_PROTOCOL and SO_ACCEPTCONN say what a socket is, and cannot be
 * set. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	static const struct { int family, type, protocol, answers; } kinds[] = {
		{ AF_INET, SOCK_STREAM, 0, IPPROTO_TCP }, { AF_INET, SOCK_DGRAM, 0, IPPROTO_UDP },
		{ AF_INET6, SOCK_STREAM, IPPROTO_TCP, IPPROTO_TCP }, { AF_INET6, SOCK_DGRAM, 0, IPPROTO_UDP },
		{ AF_UNIX, SOCK_SEQPACKET, 0, 0 }, { AF_UNIX, SOCK_DGRAM, 0, 0 },
		{ AF_INET, SOCK_RAW, IPPROTO_ICMP, IPPROTO_ICMP },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		int fd = NEED(socket(kinds[i].family, kinds[i].type | SOCK_CLOEXEC, kinds[i].protocol));

		WANT(get_int(fd, SOL_SOCKET, SO_TYPE), kinds[i].type);
		WANT(get_int(fd, SOL_SOCKET, SO_DOMAIN), kinds[i].family);
		WANT(get_int(fd, SOL_SOCKET, SO_PROTOCOL), kinds[i].answers);
		WANT(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
		FAILS(setsockopt(fd, SOL_SOCKET, SO_TYPE, &(int){ 1 }, sizeof(int)), ENOPROTOOPT);
		close(fd);
	}
	return done();
}
