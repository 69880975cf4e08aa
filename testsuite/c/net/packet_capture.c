/*
 * What a packet socket sees of lo: each frame as it goes and as it comes, with the link header (SOCK_RAW) or
 * without (SOCK_DGRAM), and where it came from. packet(7).
 * Agrees: Linux 6.18.
 */
#include "net.h"
#include <net/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

static int open_lo(int type, int protocol)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol),
		.sll_ifindex = if_nametoindex("lo") };
	int fd = NEED(socket(AF_PACKET, type, 0));

	NEED(bind(fd, (struct sockaddr *)&addr, sizeof addr));
	return fd;
}

/* The next frame that holds the datagram "marker"; its length. */
static int next(int fd, unsigned char *frame, size_t room, struct sockaddr_ll *from)
{
	for (;;) {
		socklen_t len = sizeof *from;
		ssize_t got = recvfrom(fd, frame, room, MSG_DONTWAIT, (struct sockaddr *)from, &len);

		if (got < 0)
			return -1;
		if (got >= 6 && memmem(frame, got, "marker", 6))
			return len == sizeof *from ? got : -2;
	}
}

int main(void)
{
	int raw = open_lo(SOCK_RAW, ETH_P_ALL), ip = open_lo(SOCK_RAW, ETH_P_IP), cooked = open_lo(SOCK_DGRAM, ETH_P_ALL);
	int arp = open_lo(SOCK_RAW, ETH_P_ARP), none = NEED(socket(AF_PACKET, SOCK_RAW, 0));
	int loss = open_lo(SOCK_RAW, ETH_P_ALL), one = 1;
	struct pair pair;
	struct sockaddr_ll from;
	struct tpacket_stats stats;
	unsigned char frame[2048];
	socklen_t len;

	WANT(setsockopt(loss, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one), 0);
	pair = udp_pair(AF_INET);
	WANT(send(pair.client, "marker", 6, 0), 6);
	/* Outgoing, then incoming: 14 + 20 + 8 + 6. */
	WANT(next(raw, frame, sizeof frame, &from), 48);
	WANT(from.sll_family, AF_PACKET);
	WANT(from.sll_pkttype, PACKET_OUTGOING);
	WANT(from.sll_protocol, htons(ETH_P_IP));
	WANT(from.sll_hatype, ARPHRD_LOOPBACK);
	WANT(from.sll_halen, 6);
	WANT(from.sll_ifindex, (int)if_nametoindex("lo"));
	CHECK(!memcmp(frame, "\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x45", 15));
	WANT(next(raw, frame, sizeof frame, &from), 48);
	WANT(from.sll_pkttype, PACKET_HOST);
	WANT(next(raw, frame, sizeof frame, &from), -1);
	/* One protocol: incoming only. */
	WANT(next(ip, frame, sizeof frame, &from), 48);
	WANT(from.sll_pkttype, PACKET_HOST);
	WANT(next(ip, frame, sizeof frame, &from), -1);
	WANT(next(arp, frame, sizeof frame, &from), -1);
	WANT(next(none, frame, sizeof frame, &from), -1);
	/* Without outgoing ones. */
	WANT(next(loss, frame, sizeof frame, &from), 48);
	WANT(from.sll_pkttype, PACKET_HOST);
	WANT(next(loss, frame, sizeof frame, &from), -1);
	/* Without the link header. */
	WANT(next(cooked, frame, sizeof frame, &from), 34);
	WANT(from.sll_pkttype, PACKET_OUTGOING);
	WANT(frame[0], 0x45);
	/* Cut, and its length told. */
	WANT(recv(cooked, frame, 10, MSG_DONTWAIT | MSG_PEEK), 10);
	WANT(recv(cooked, frame, 10, MSG_DONTWAIT | MSG_TRUNC), 34);

	len = sizeof stats;
	WANT(getsockopt(ip, SOL_PACKET, PACKET_STATISTICS, &stats, &len), 0);
	WANT(len, sizeof stats);
	CHECK(stats.tp_packets >= 1);
	WANT(stats.tp_drops, 0);
	NEED(getsockopt(ip, SOL_PACKET, PACKET_STATISTICS, &stats, &len));
	WANT(stats.tp_packets, 0);
	return done();
}
