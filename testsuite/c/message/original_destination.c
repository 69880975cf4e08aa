/*
 * IP_RECVORIGDSTADDR gives the address and port that a datagram was sent to. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	struct address to;
	int server = bound(AF_INET, SOCK_DGRAM, &to), client = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	struct sockaddr_in *was;

	set_int(server, IPPROTO_IP, 20 /* IP_RECVORIGDSTADDR */, 1);
	NEED(sendto(client, "x", 1, 0, &to.any, to.length));
	WANT(receive(server, &m, 0), 1);
	was = ancillary(&m, IPPROTO_IP, 20);
	CHECK(was && was->sin_family == AF_INET && was->sin_port == to.v4.sin_port &&
	      was->sin_addr.s_addr == htonl(INADDR_LOOPBACK));
	return done();
}
