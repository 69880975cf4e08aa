/*
 * Of several sockets on one port the one that fits best gets a datagram: connected before
 * bound to an address before any address. udp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address any = nobody(AF_INET, SOCK_DGRAM), one = any, from;
	int fds[3], sender = bound(AF_INET, SOCK_DGRAM, &from);
	char byte;

	any.v4.sin_addr.s_addr = INADDR_ANY;
	for (int i = 0; i < 3; i++) {
		fds[i] = NEED(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
		set_int(fds[i], SOL_SOCKET, SO_REUSEADDR, 1);
		NEED(bind(fds[i], i ? &one.any : &any.any, one.length));
	}
	NEED(connect(fds[2], &from.any, from.length));
	NEED(sendto(sender, "x", 1, 0, &one.any, one.length));
	WANT(recv(fds[2], &byte, 1, 0), 1);
	close(fds[2]);
	NEED(sendto(sender, "x", 1, 0, &one.any, one.length));
	WANT(recv(fds[1], &byte, 1, 0), 1);
	close(fds[1]);
	NEED(sendto(sender, "x", 1, 0, &one.any, one.length));
	WANT(recv(fds[0], &byte, 1, 0), 1);
	return done();
}
