/*
 * PACKET_RX_RING with TPACKET_V1, V2 and V3: frames in mapped memory, and poll(2).
 * Documentation/networking/packet_mmap.rst.
 * Agrees: Linux 6.18.
 */
#include "net.h"
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/mman.h>

#define BLOCK (4 * PAGE)

static unsigned char *map;

/* A socket on lo that sees incoming datagrams to `port`, with a ring of two blocks. */
static int open_ring(int version, unsigned port)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 14 + 20 + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, -1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { sizeof code / sizeof *code, code };
	struct tpacket_req3 req = { BLOCK, 2, 2048, 2 * BLOCK / 2048, 50, 0, 0 };
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex("lo") };
	int fd = NEED(socket(AF_PACKET, SOCK_RAW, 0));

	NEED(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog));
	NEED(setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version));
	NEED(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, version == TPACKET_V3 ? sizeof req : sizeof(struct tpacket_req)));
	map = NEED(mmap(NULL, 2 * BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	NEED(bind(fd, (struct sockaddr *)&addr, sizeof addr));
	return fd;
}

static int polled(int fd, int ms)
{
	struct pollfd poll_fd = { fd, POLLIN, 0 };

	return poll(&poll_fd, 1, ms);
}

static void check_frame(unsigned char *frame, unsigned mac, unsigned net, unsigned len, unsigned captured, struct sockaddr_ll *from)
{
	WANT(net - mac, 14);
	WANT(len, 14 + 20 + 8 + 5);
	WANT(captured, len);
	CHECK(!memcmp(frame + mac + 42, "frame", 5));
	WANT(from->sll_family, AF_PACKET);
	WANT(from->sll_pkttype, PACKET_HOST);
}

int main(void)
{
	struct pair pair = udp_pair(AF_INET);
	struct sockaddr_in name;
	socklen_t len = sizeof name;
	struct tpacket_stats stats;
	int fd, count;
	char byte;

	NEED(getpeername(pair.client, (struct sockaddr *)&name, &len));

	/* V1 */
	fd = open_ring(TPACKET_V1, ntohs(name.sin_port));
	WANT(polled(fd, 0), 0);
	NEED(send(pair.client, "frame", 5, 0));
	WANT(polled(fd, 1000), 1);
	struct tpacket_hdr *h1 = (void *)map;
	CHECK(h1->tp_status & TP_STATUS_USER);
	WANT(h1->tp_net, 80);
	check_frame(map, h1->tp_mac, h1->tp_net, h1->tp_len, h1->tp_snaplen, (void *)(map + TPACKET_ALIGN(sizeof *h1)));
	CHECK(h1->tp_sec > 1600000000 && h1->tp_usec < 1000000);
	h1->tp_status = TP_STATUS_KERNEL;
	WANT(polled(fd, 0), 0);
	/* Nothing for recv. */
	FAILS(recv(fd, &byte, 1, MSG_DONTWAIT), EAGAIN);
	close(fd);
	munmap(map, 2 * BLOCK);

	/* V2, until it is full */
	fd = open_ring(TPACKET_V2, ntohs(name.sin_port));
	count = 2 * BLOCK / 2048;
	for (int i = 0; i < count + 3; i++)
		NEED(send(pair.client, "frame", 5, 0));
	WANT(polled(fd, 1000), 1);
	for (int i = 0; i < count; i++) {
		struct tpacket2_hdr *h2 = (void *)(map + i * 2048);

		if (!(h2->tp_status & TP_STATUS_USER))
			CHECK(!"a frame is missing");
		if (i == 0)
			check_frame((void *)h2, h2->tp_mac, h2->tp_net, h2->tp_len, h2->tp_snaplen, (void *)((char *)h2 + 32));
	}
	len = sizeof stats;
	WANT(getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len), 0);
	WANT(stats.tp_packets, count + 3);
	WANT(stats.tp_drops, 3);
	close(fd);
	munmap(map, 2 * BLOCK);

	/* V3: the block is the program's after 50 ms */
	fd = open_ring(TPACKET_V3, ntohs(name.sin_port));
	NEED(send(pair.client, "frame", 5, 0));
	NEED(send(pair.client, "frame", 5, 0));
	NEED(send(pair.client, "frame", 5, 0));
	WANT(polled(fd, 2000), 1);
	struct tpacket_block_desc *block = (void *)map;
	CHECK(block->hdr.bh1.block_status & TP_STATUS_USER);
	CHECK(block->hdr.bh1.block_status & TP_STATUS_BLK_TMO);
	WANT(block->version, TPACKET_V3);
	WANT(block->offset_to_priv, 48);
	WANT(block->hdr.bh1.num_pkts, 3);
	WANT(block->hdr.bh1.seq_num, 1);
	WANT(block->hdr.bh1.offset_to_first_pkt, 48);
	struct tpacket3_hdr *h3 = (void *)(map + block->hdr.bh1.offset_to_first_pkt);
	check_frame((void *)h3, h3->tp_mac, h3->tp_net, h3->tp_len, h3->tp_snaplen, (void *)((char *)h3 + 48));
	WANT(h3->tp_net, 96);
	CHECK(h3->tp_next_offset % 8 == 0 && h3->tp_next_offset > 48 + 20 + 47);
	h3 = (void *)((char *)h3 + h3->tp_next_offset);
	h3 = (void *)((char *)h3 + h3->tp_next_offset);
	WANT(h3->tp_next_offset, 0);
	check_frame((void *)h3, h3->tp_mac, h3->tp_net, h3->tp_len, h3->tp_snaplen, (void *)((char *)h3 + 48));
	block->hdr.bh1.block_status = TP_STATUS_KERNEL;
	WANT(polled(fd, 0), 0);
	/* The next ones are in the next block. */
	NEED(send(pair.client, "frame", 5, 0));
	WANT(polled(fd, 2000), 1);
	block = (void *)(map + BLOCK);
	WANT(block->hdr.bh1.num_pkts, 1);
	WANT(block->hdr.bh1.seq_num, 2);
	return done();
}
