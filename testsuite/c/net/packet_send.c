/*
 * Sending through a packet socket on lo: other packet sockets see the frame go and come. As a packet it goes no
 * further, since what comes from outside the IP layer may not come from 127/8. What is refused. packet(7).
 * Agrees: Linux 6.18.
 */
#include "net.h"
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

int main(void)
{
	unsigned char frame[14 + 20 + 8 + 2] = { [12] = 0x08, 0x00, 0x45, 0, 0, 30, 0, 1, 0, 0, 64, 17, 0, 0,
		127, 0, 0, 1, 127, 0, 0, 1, 0x12, 0x34, 0, 0, 0, 10, 0, 0, 'h', 'i' };
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_halen = 6,
		.sll_ifindex = if_nametoindex("lo") }, seen;
	struct sockaddr *to = (struct sockaddr *)&addr;
	int raw = NEED(socket(AF_PACKET, SOCK_RAW, 0)), cooked = NEED(socket(AF_PACKET, SOCK_DGRAM, 0));
	int all = NEED(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL))), got = 0;
	int udp = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof name;
	char data[64];
	unsigned sum = 0;

	NEED(bind(udp, (struct sockaddr *)&name, sizeof name));
	NEED(getsockname(udp, (struct sockaddr *)&name, &len));
	memcpy(frame + 36, &name.sin_port, 2);
	for (int i = 14; i < 34; i += 2)
		sum += frame[i] << 8 | frame[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	frame[24] = sum >> 8;
	frame[25] = sum;

	WANT(sendto(raw, frame, sizeof frame, 0, to, sizeof addr), (int)sizeof frame);
	FAILS(recv(udp, data, sizeof data, MSG_DONTWAIT), EAGAIN);
	WANT(sendto(cooked, frame + 14, sizeof frame - 14, 0, to, sizeof addr), (int)sizeof frame - 14);
	FAILS(recv(udp, data, sizeof data, MSG_DONTWAIT), EAGAIN);
	/* Others see it go and come. */
	len = sizeof seen;
	while (recvfrom(all, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&seen, &len) > 0)
		got += data[43] == 'i' ? seen.sll_pkttype == PACKET_OUTGOING ? 1 : 16 : 0;
	WANT(got, 34);
	/* Who sends does not see it go, but sees it come. */
	addr.sll_protocol = htons(ETH_P_ALL);
	NEED(bind(raw, to, sizeof addr));
	addr.sll_protocol = htons(ETH_P_IP);
	WANT(send(raw, frame, sizeof frame, 0), (int)sizeof frame);
	len = sizeof seen;
	WANT(recvfrom(raw, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&seen, &len), (int)sizeof frame);
	WANT(seen.sll_pkttype, PACKET_HOST);
	FAILS(recv(raw, data, sizeof data, MSG_DONTWAIT), EAGAIN);

	FAILS(send(cooked, frame, 20, 0), ENXIO);
	FAILS(sendto(raw, frame, 13, 0, to, sizeof addr), EINVAL);
	FAILS(sendto(raw, frame, sizeof frame, 0, to, sizeof addr - 1), EINVAL);
	addr.sll_halen = 9;
	FAILS(sendto(raw, frame, sizeof frame, 0, to, sizeof addr), EINVAL);
	addr.sll_halen = 5;
	FAILS(sendto(cooked, frame, sizeof frame, 0, to, 19), EINVAL);
	addr.sll_halen = 6;
	addr.sll_ifindex = 9999;
	FAILS(sendto(raw, frame, sizeof frame, 0, to, sizeof addr), ENXIO);
	return done();
}
