/*
 * MSG_DONTWAIT makes one call nonblocking, on every kind of socket, both ways. send(2),
 * recv(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	static char block[1 << 16];
	struct pair tcp = tcp_pair(AF_INET), udp = udp_pair(AF_INET6);
	int ends[2], dgram[2], sent = 0;
	char byte;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, dgram));
	FAILS(recv(tcp.server, &byte, 1, MSG_DONTWAIT), EAGAIN);
	FAILS(recv(udp.server, &byte, 1, MSG_DONTWAIT), EAGAIN);
	FAILS(recv(ends[0], &byte, 1, MSG_DONTWAIT), EAGAIN);
	FAILS(recv(dgram[0], &byte, 1, MSG_DONTWAIT), EAGAIN);
	for (int fd = 0; fd < 3; fd++) {
		int from = (int[]){ tcp.client, ends[0], dgram[0] }[fd];

		sent = 0;
		while (sent < 10000 && send(from, block, fd == 2 ? 1 : sizeof block, MSG_DONTWAIT) > 0)
			sent++;
		CHECK(sent > 0 && sent < 10000);
		FAILS(send(from, block, fd == 2 ? 1 : sizeof block, MSG_DONTWAIT), EAGAIN);
	}
	return done();
}
