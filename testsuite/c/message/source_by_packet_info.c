/*
 * IP_PKTINFO with a datagram to send chooses its source address; one that is not ours is
 * refused. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	struct address to;
	int server = bound(AF_INET, SOCK_DGRAM, &to), client = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl(0x7f000055) };

	WANT(send_with(client, "x", &to, IPPROTO_IP, IP_PKTINFO, &info, sizeof info), 1);
	WANT(receive(server, &m, 0), 1);
	WANT(ntohl(m.from.v4.sin_addr.s_addr), 0x7f000055);
	info.ipi_spec_dst.s_addr = inet_addr("192.0.2.9");
	WANT(send_with(client, "x", &to, IPPROTO_IP, IP_PKTINFO, &info, sizeof info), -1);
	info.ipi_spec_dst.s_addr = 0;
	FAILS(send_with(client, "x", &to, IPPROTO_IP, IP_PKTINFO, &info, sizeof info - 1), EINVAL);
	info.ipi_spec_dst.s_addr = 0;
	info.ipi_ifindex = 9999;
	FAILS(send_with(client, "x", &to, IPPROTO_IP, IP_PKTINFO, &info, sizeof info), ENODEV);
	return done();
}
