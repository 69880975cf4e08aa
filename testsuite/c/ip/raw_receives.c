/*
 * A raw socket hears every packet of its protocol with its IP header, also those that other
 * sockets take; connect and bind restrict it. raw(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address to;
	int server = bound(AF_INET, SOCK_DGRAM, &to), raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	struct address one = loopback(AF_INET, 0);
	unsigned char packet[100];
	char byte;

	if (raw == -1 && errno == EPERM)
		return skip("not root");
	NEED(sendto(NEED(socket(AF_INET, SOCK_DGRAM, 0)), "data", 4, 0, &to.any, to.length));
	WANT(recv(raw, packet, sizeof packet, 0), 32);
	WANT(packet[0], 0x45);
	WANT(packet[9], IPPROTO_UDP);
	WANT(packet[22] << 8 | packet[23], port_of(&to));
	WANT(memcmp(packet + 28, "data", 4), 0);
	WANT(recv(server, &byte, 1, 0), 1);
	one.v4.sin_addr.s_addr = htonl(0x7f000008);
	NEED(connect(raw, &one.any, one.length));
	NEED(sendto(NEED(socket(AF_INET, SOCK_DGRAM, 0)), "data", 4, 0, &to.any, to.length));
	WANT(recv(server, &byte, 1, 0), 1);
	FAILS(recv(raw, packet, sizeof packet, MSG_DONTWAIT), EAGAIN);
	return done();
}
