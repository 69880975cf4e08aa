/*
 * PACKET_VNET_HDR: a struct virtio_net_hdr before each packet, both ways, and PACKET_VNET_HDR_SZ.
 * packet(7), virtio 1.2 section 5.1.6.
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sys/mman.h>

#ifndef PACKET_VNET_HDR_SZ
#define PACKET_VNET_HDR_SZ 24
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#define UDP_AT (14 + 40)

static unsigned char packet[2048];

static int set(int fd, int name, int value)
{
	return setsockopt(fd, SOL_PACKET, name, &value, sizeof value);
}

static int get(int fd, int name)
{
	return get_int(fd, SOL_PACKET, name);
}

static unsigned sum(unsigned total, const unsigned char *bytes, int length)
{
	for (int i = 0; i < length; i++)
		total += i % 2 ? bytes[i] : bytes[i] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

/* A UDP datagram from ::1 to ::1 behind a header; its checksum is that of the pseudo header. Answers the length of all. */
static int datagram(struct virtio_net_hdr *header, int port, const char *text)
{
	int length = 8 + strlen(text), at = sizeof *header;
	unsigned char *frame = packet + at;
	unsigned char pseudo[8] = { 0, 0, length >> 8, length, 0, 0, 0, IPPROTO_UDP };
	unsigned partial;

	memset(packet, 0, sizeof packet);
	memcpy(packet, header, sizeof *header);
	frame[12] = 0x86;
	frame[13] = 0xdd;
	frame[14] = 0x60;
	frame[18] = length >> 8;
	frame[19] = length;
	frame[20] = IPPROTO_UDP;
	frame[21] = 64;
	frame[37] = frame[53] = 1;
	frame[UDP_AT + 1] = 99;
	frame[UDP_AT + 2] = port >> 8;
	frame[UDP_AT + 3] = port;
	frame[UDP_AT + 4] = length >> 8;
	frame[UDP_AT + 5] = length;
	partial = sum(sum(0, frame + 22, 32), pseudo, 8);
	frame[UDP_AT + 6] = partial >> 8;
	frame[UDP_AT + 7] = partial;
	memcpy(frame + UDP_AT + 8, text, length - 8);
	return at + UDP_AT + length;
}

static void options(void)
{
	int raw = NEED(socket(AF_PACKET, SOCK_RAW, 0)), cooked = NEED(socket(AF_PACKET, SOCK_DGRAM, 0));
	short half = 1;

	WANT(get(raw, PACKET_VNET_HDR), 0);
	WANT(get(raw, PACKET_VNET_HDR_SZ), 0);
	FAILS(set(cooked, PACKET_VNET_HDR, 1), EINVAL);
	FAILS(setsockopt(raw, SOL_PACKET, PACKET_VNET_HDR, &half, sizeof half), EINVAL);
	WANT(set(raw, PACKET_VNET_HDR, 7), 0);
	WANT(get(raw, PACKET_VNET_HDR), 1);
	WANT(get(raw, PACKET_VNET_HDR_SZ), 10);
	WANT(set(raw, PACKET_VNET_HDR_SZ, 12), 0);
	WANT(get(raw, PACKET_VNET_HDR), 1);
	WANT(get(raw, PACKET_VNET_HDR_SZ), 12);
	FAILS(set(raw, PACKET_VNET_HDR_SZ, 11), EINVAL);
	FAILS(set(raw, PACKET_VNET_HDR_SZ, -1), EINVAL);
	WANT(set(raw, PACKET_VNET_HDR_SZ, 0), 0);
	WANT(get(raw, PACKET_VNET_HDR), 0);
	close(raw);
	close(cooked);
}

static int on_lo(int protocol)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = if_nametoindex("lo") };
	int fd = NEED(socket(AF_PACKET, SOCK_RAW, 0));

	NEED(bind(fd, (struct sockaddr *)&addr, sizeof addr));
	return fd;
}

static void incoming(void)
{
	struct virtio_net_hdr *h = (void *)packet;
	struct pair pair = udp_pair(AF_INET);
	int fd = on_lo(ETH_P_IP);

	NEED(set(fd, PACKET_VNET_HDR, 1));
	NEED(send(pair.client, "frame", 5, 0));
	WANT(recv(fd, packet, sizeof packet, MSG_DONTWAIT), 10 + 14 + 28 + 5);
	WANT(h->flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	WANT(h->gso_type, VIRTIO_NET_HDR_GSO_NONE);
	WANT(h->csum_start, 34);
	WANT(h->csum_offset, 6);
	WANT(h->gso_size, 0);
	WANT(h->hdr_len, 0);
	WANT(memcmp(packet + 10 + 42, "frame", 5), 0);
	/* Without room for the header it is lost. */
	NEED(send(pair.client, "frame", 5, 0));
	NEED(send(pair.client, "other", 5, 0));
	FAILS(recv(fd, packet, 9, MSG_DONTWAIT), EINVAL);
	/* Lengths count it. */
	WANT(recv(fd, packet, 20, MSG_DONTWAIT | MSG_TRUNC | MSG_PEEK), 10 + 14 + 28 + 5);
	WANT(recv(fd, packet, 20, MSG_DONTWAIT), 20);
	FAILS(recv(fd, packet, 20, MSG_DONTWAIT), EAGAIN);
	/* The longer header ends in the number of buffers. */
	NEED(set(fd, PACKET_VNET_HDR_SZ, 12));
	NEED(send(pair.client, "third", 5, 0));
	packet[10] = packet[11] = 9;
	WANT(recv(fd, packet, sizeof packet, MSG_DONTWAIT), 12 + 14 + 28 + 5);
	WANT(memcmp(packet + 12 + 42, "third", 5), 0);
	FAILS(recv(fd, packet, sizeof packet, MSG_DONTWAIT), EAGAIN);
	close(fd);
	close_pair(pair);
	/* TCP's checksum is elsewhere. */
	fd = on_lo(ETH_P_IP);
	NEED(set(fd, PACKET_VNET_HDR, 1));
	pair = tcp_pair(AF_INET);
	CHECK(recv(fd, packet, sizeof packet, MSG_DONTWAIT) > 10 + 14 + 40);
	WANT(h->flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	WANT(h->csum_start, 34);
	WANT(h->csum_offset, 16);
	close_pair(pair);
	close(fd);
}

static void ring(void)
{
	struct tpacket_req req = { PAGE, 1, PAGE / 2, 2 };
	struct pair pair = udp_pair(AF_INET);
	struct virtio_net_hdr *h;
	struct tpacket2_hdr *slot;
	int fd = on_lo(ETH_P_IP);
	unsigned char *map;

	NEED(set(fd, PACKET_VERSION, TPACKET_V2));
	NEED(set(fd, PACKET_VNET_HDR, 1));
	NEED(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof req));
	FAILS(set(fd, PACKET_VNET_HDR, 0), EBUSY);
	FAILS(set(fd, PACKET_VNET_HDR_SZ, 12), EBUSY);
	map = NEED(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	slot = (void *)map;
	NEED(send(pair.client, "frame", 5, 0));
	WANT(ready(fd, POLLIN, 1000), POLLIN);
	CHECK(slot->tp_status & TP_STATUS_CSUMNOTREADY);
	WANT(slot->tp_len, 14 + 28 + 5);
	WANT(slot->tp_net, 80 + 10);
	WANT(slot->tp_mac, 80 + 10 - 14);
	h = (void *)(map + slot->tp_mac - 10);
	WANT(h->flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	WANT(h->csum_start, 34);
	WANT(h->csum_offset, 6);
	munmap(map, PAGE);
	close(fd);
	close_pair(pair);
}

static void outgoing(void)
{
	struct virtio_net_hdr plain = { 0 }, h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = UDP_AT, .csum_offset = 6 };
	struct address name;
	int udp = bound(AF_INET6, SOCK_DGRAM, &name), fd = on_lo(ETH_P_IPV6), tap = on_lo(ETH_P_IPV6), port = port_of(&name);
	struct virtio_net_hdr seen;
	char text[64];
	int length;

	NEED(set(fd, PACKET_VNET_HDR, 1));
	NEED(set(tap, PACKET_VNET_HDR, 1));
	length = datagram(&h, port, "sum me");
	WANT(send(fd, packet, length, 0), length);
	WANT(ready(udp, POLLIN, 1000), POLLIN);
	WANT(recv(udp, text, sizeof text, MSG_DONTWAIT), 6);
	WANT(memcmp(text, "sum me", 6), 0);
	WANT(recv(tap, packet, sizeof packet, MSG_DONTWAIT), length);
	memcpy(&seen, packet, sizeof seen);
	WANT(seen.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	WANT(seen.csum_start, UDP_AT);
	WANT(seen.csum_offset, 6);
	/* Without the flag it is a wrong sum. */
	length = datagram(&plain, port, "not me");
	WANT(send(fd, packet, length, 0), length);
	WANT(ready(udp, POLLIN, 100), 0);
	WANT(recv(tap, packet, sizeof packet, MSG_DONTWAIT), length);
	WANT(packet[0], 0);

	/* One packet in pieces of four bytes. */
	h.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
	h.gso_size = 4;
	h.hdr_len = UDP_AT + 8;
	length = datagram(&h, port, "aaaabbbbcc");
	WANT(send(fd, packet, length, 0), length);
	for (int i = 0; i < 3; i++) {
		WANT(ready(udp, POLLIN, 1000), POLLIN);
		WANT(recv(udp, text, sizeof text, MSG_DONTWAIT), i < 2 ? 4 : 2);
		WANT(text[0], 'a' + i);
	}
	FAILS(recv(udp, text, sizeof text, MSG_DONTWAIT), EAGAIN);

	/* Refused. */
	FAILS(send(fd, packet, 9, 0), EINVAL);
	h.gso_size = 0;
	length = datagram(&h, port, "aaaabbbb");
	FAILS(send(fd, packet, length, 0), EINVAL);
	h.gso_size = 4;
	h.gso_type = 77;
	length = datagram(&h, port, "aaaabbbb");
	FAILS(send(fd, packet, length, 0), EINVAL);
	h.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
	h.flags = 0;
	length = datagram(&h, port, "aaaabbbb");
	FAILS(send(fd, packet, length, 0), EINVAL);
	h.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	length = datagram(&h, port, "aaaabbbbccccddddeeeeffff");
	FAILS(send(fd, packet, length, 0), EINVAL);
	h = (struct virtio_net_hdr) { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 900, .csum_offset = 6 };
	length = datagram(&h, port, "aaaabbbb");
	FAILS(send(fd, packet, length, 0), EINVAL);
	h = (struct virtio_net_hdr) { .hdr_len = 900 };
	length = datagram(&h, port, "aaaabbbb");
	FAILS(send(fd, packet, length, 0), EINVAL);
	/* With a type, the length may exceed the MTU; without, not. */
	WANT(ready(udp, POLLIN, 50), 0);
	close(udp);
	close(fd);
	close(tap);
}

int main(void)
{
	options();
	incoming();
	ring();
	outgoing();
	return done();
}
