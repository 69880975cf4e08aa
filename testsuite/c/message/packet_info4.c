/*
 * IP_PKTINFO tells a receiver the interface and the address that a datagram came to.
 * ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	struct address to, any = loopback(AF_INET, 0);
	int server = NEED(socket(AF_INET, SOCK_DGRAM, 0)), client = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	struct in_pktinfo *info;

	any.v4.sin_addr.s_addr = INADDR_ANY;
	NEED(bind(server, &any.any, any.length));
	set_int(server, IPPROTO_IP, IP_PKTINFO, 1);
	to = name_of(server);
	to.v4.sin_addr.s_addr = htonl(0x7f000009);
	NEED(sendto(client, "x", 1, 0, &to.any, to.length));
	WANT(receive(server, &m, 0), 1);
	info = ancillary(&m, IPPROTO_IP, IP_PKTINFO);
	CHECK(info != NULL);
	if (info) {
		WANT(info->ipi_ifindex, 1);
		WANT(ntohl(info->ipi_addr.s_addr), 0x7f000009);
		WANT(ntohl(info->ipi_spec_dst.s_addr), 0x7f000009);
	}
	set_int(server, IPPROTO_IP, IP_PKTINFO, 0);
	NEED(sendto(client, "x", 1, 0, &to.any, to.length));
	WANT(receive(server, &m, 0), 1);
	CHECK(ancillary(&m, IPPROTO_IP, IP_PKTINFO) == NULL);
	return done();
}
