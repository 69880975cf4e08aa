/*
 * PACKET_TX_RING with TPACKET_V1, V2 and V3: frames sent out of mapped memory, PACKET_LOSS, PACKET_TX_HAS_OFF;
 * PACKET_COPY_THRESH and PACKET_QDISC_BYPASS. packet(7), Documentation/networking/packet_mmap.rst.
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stddef.h>
#include <sys/mman.h>

#define SLOT 2048
/* An experimental ethertype: nobody else answers to it. */
#define KIND 0x88b5

static struct sockaddr_ll lo;
static unsigned char *map;

static int set(int fd, int name, int value)
{
	return setsockopt(fd, SOL_PACKET, name, &value, sizeof value);
}

static int packet_socket(int type, int protocol)
{
	int fd = NEED(socket(AF_PACKET, type, 0));

	lo.sll_protocol = htons(protocol);
	NEED(bind(fd, (struct sockaddr *)&lo, sizeof lo));
	return fd;
}

static volatile unsigned *status_of(int version, int slot)
{
	unsigned char *at = map + slot * SLOT;

	/* unsigned long in the first version. */
	return (void *)(version == TPACKET_V3 ? at + offsetof(struct tpacket3_hdr, tp_status) : at);
}

static int header_of(int version)
{
	return version == TPACKET_V3 ? TPACKET_ALIGN(sizeof(struct tpacket3_hdr)) : 32;
}

/* Makes a slot ready: a frame of `length` bytes that ends in `mark`. */
static void fill(int version, int slot, int length, char mark)
{
	unsigned char *at = map + slot * SLOT, *frame = at + header_of(version);

	if (version == TPACKET_V1)
		((struct tpacket_hdr *)at)->tp_len = length;
	else if (version == TPACKET_V2)
		((struct tpacket2_hdr *)at)->tp_len = length;
	else
		((struct tpacket3_hdr *)at)->tp_len = length;
	memset(frame, 0, 14);
	frame[12] = KIND >> 8;
	frame[13] = KIND & 255;
	memset(frame + 14, 'x', 40);
	if (length >= 15 && length < SLOT - 100)
		frame[length - 1] = mark;
	*status_of(version, slot) = TP_STATUS_SEND_REQUEST;
}

/* The mark of the next frame that `fd` sees come, or 0. */
static int next(int fd)
{
	struct sockaddr_ll from;
	socklen_t size = sizeof from;
	unsigned char frame[2048];
	ssize_t length;

	while ((length = recvfrom(fd, frame, sizeof frame, MSG_DONTWAIT, (struct sockaddr *)&from, &size)) > 0)
		if (from.sll_pkttype != PACKET_OUTGOING)
			return frame[length - 1];
	return 0;
}

static void versions(int version)
{
	struct tpacket_req3 req = { PAGE, 2, SLOT, 2 * PAGE / SLOT, 0, 0, 0 };
	socklen_t size = version == TPACKET_V3 ? sizeof req : sizeof(struct tpacket_req);
	int fd = packet_socket(SOCK_RAW, 0), tap = packet_socket(SOCK_RAW, KIND), error;
	socklen_t length = sizeof error;

	printf("# version %d\n", version + 1);
	NEED(set(fd, PACKET_VERSION, version));
	req.tp_frame_nr++;
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, size), EINVAL);
	req.tp_frame_nr--;
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, size - 1), EINVAL);
	if (version == TPACKET_V3) {
		req.tp_retire_blk_tov = 10;
		FAILS(setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, size), EINVAL);
		req.tp_retire_blk_tov = 0;
	}
	WANT(setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, size), 0);
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, size), EBUSY);
	FAILS(set(fd, PACKET_VERSION, version), EBUSY);
	FAILS(set(fd, PACKET_LOSS, 1), EBUSY);
	map = NEED(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	CHECK(ready(fd, POLLOUT, 0) & POLLOUT);

	/* Nothing asked for, nothing sent. */
	WANT(send(fd, NULL, 0, MSG_DONTWAIT), 0);
	fill(version, 0, 60, 'a');
	fill(version, 1, 70, 'b');
	WANT(send(fd, NULL, 0, MSG_DONTWAIT), 130);
	WANT(next(tap), 'a');
	WANT(next(tap), 'b');
	WANT(next(tap), 0);
	/* On Linux a frame over lo is there as long as a reader has it. */
	WANT(*status_of(version, 0), TP_STATUS_AVAILABLE);
	WANT(*status_of(version, 1), TP_STATUS_AVAILABLE);
	/* It goes on at the third; what lies behind a gap waits. */
	fill(version, 3, 60, 'd');
	WANT(send(fd, NULL, 0, MSG_DONTWAIT), 0);
	fill(version, 2, 60, 'c');
	/* What the call itself carries counts for nothing. */
	WANT(send(fd, "ignored", 7, MSG_DONTWAIT), 120);
	WANT(next(tap), 'c');
	WANT(next(tap), 'd');
	/* Too long, at slot 4 (or round to 0). */
	error = 2 * PAGE / SLOT == 4 ? 0 : 4;
	fill(version, error, 4000, 'e');
	FAILS(send(fd, NULL, 0, MSG_DONTWAIT), EMSGSIZE);
	WANT(*status_of(version, error), TP_STATUS_WRONG_FORMAT);
	/* It stays there until it is mended. */
	fill(version, error, 60, 'f');
	WANT(send(fd, NULL, 0, MSG_DONTWAIT), 60);
	WANT(next(tap), 'f');
	/* Shorter than a link header. */
	fill(version, error + 1, 13, 'g');
	FAILS(send(fd, NULL, 0, MSG_DONTWAIT), EINVAL);
	WANT(*status_of(version, error + 1), TP_STATUS_WRONG_FORMAT);
	if (version == TPACKET_V3) {
		((struct tpacket3_hdr *)(map + (error + 1) * SLOT))->tp_next_offset = 64;
		fill(version, error + 1, 60, 'g');
		FAILS(send(fd, NULL, 0, MSG_DONTWAIT), EINVAL);
		((struct tpacket3_hdr *)(map + (error + 1) * SLOT))->tp_next_offset = 0;
	}
	/* The ring's slot says what, the address where. */
	lo.sll_ifindex = 9999;
	fill(version, error + 1, 60, 'h');
	FAILS(sendto(fd, NULL, 0, MSG_DONTWAIT, (struct sockaddr *)&lo, sizeof lo), ENXIO);
	FAILS(sendto(fd, NULL, 0, MSG_DONTWAIT, (struct sockaddr *)&lo, sizeof lo - 1), EINVAL);
	lo.sll_ifindex = if_nametoindex("lo");
	WANT(*status_of(version, error + 1), TP_STATUS_SEND_REQUEST);
	WANT(sendto(fd, NULL, 0, MSG_DONTWAIT, (struct sockaddr *)&lo, sizeof lo), 60);
	WANT(next(tap), 'h');
	munmap(map, 2 * PAGE);
	memset(&req, 0, sizeof req);
	WANT(setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, size), 0);
	FAILS(send(fd, NULL, 0, MSG_DONTWAIT), EINVAL);
	WANT(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
	close(fd);
	close(tap);
}

/* PACKET_LOSS passes over what is wrong; both rings in one mapping; frames at an offset of their own. */
static void loss(void)
{
	struct tpacket_req req = { PAGE, 1, SLOT, PAGE / SLOT };
	int fd = packet_socket(SOCK_RAW, 0), tap = packet_socket(SOCK_RAW, KIND);
	struct tpacket2_hdr *slot;

	NEED(set(fd, PACKET_VERSION, TPACKET_V2));
	NEED(set(fd, PACKET_LOSS, 1));
	WANT(get_int(fd, SOL_PACKET, PACKET_TX_HAS_OFF), 0);
	NEED(set(fd, PACKET_TX_HAS_OFF, 1));
	WANT(get_int(fd, SOL_PACKET, PACKET_TX_HAS_OFF), 1);
	NEED(setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, sizeof req));
	WANT(set(fd, PACKET_TX_HAS_OFF, 0), 0);
	WANT(get_int(fd, SOL_PACKET, PACKET_TX_HAS_OFF), 1);
	NEED(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof req));
	FAILS((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EINVAL);
	map = NEED(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	/* The receiving one comes first. */
	map += PAGE;
	slot = (void *)map;
	fill(TPACKET_V2, 0, 4000, 'a');
	fill(TPACKET_V2, 1, 60, 'b');
	slot = (void *)(map + SLOT);
	memmove((char *)slot + 200, (char *)slot + 32, 60);
	slot->tp_mac = 200;
	WANT(send(fd, NULL, 0, MSG_DONTWAIT), 60);
	WANT(next(tap), 'b');
	WANT(*status_of(TPACKET_V2, 0), TP_STATUS_AVAILABLE);
	WANT(*status_of(TPACKET_V2, 1), TP_STATUS_AVAILABLE);
	close(fd);
	close(tap);
}

/* PACKET_COPY_THRESH: what does not fit a slot is queued whole as well. */
static void copies(void)
{
	struct tpacket_req req = { PAGE, 1, 128, PAGE / 128 };
	int fd = packet_socket(SOCK_RAW, KIND), other = packet_socket(SOCK_RAW, 0), got = 0;
	unsigned char frame[500] = { [12] = KIND >> 8, KIND & 255, [499] = 'z' }, again[600];
	struct tpacket2_hdr *slot;

	NEED(set(fd, PACKET_VERSION, TPACKET_V2));
	WANT(set(fd, PACKET_COPY_THRESH, 1), 0);
	NEED(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof req));
	map = NEED(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	NEED(send(other, frame, 40, 0));
	NEED(send(other, frame, sizeof frame, 0));
	for (int i = 0; i < 4; i++) {
		slot = (void *)(map + i * 128);
		if (!(slot->tp_status & TP_STATUS_USER))
			break;
		if (slot->tp_len == 40)
			WANT(slot->tp_status & TP_STATUS_COPY, 0);
		else {
			got++;
			WANT(slot->tp_len, 500);
			WANT(slot->tp_snaplen, 128 - slot->tp_mac);
			WANT(slot->tp_status & TP_STATUS_COPY, TP_STATUS_COPY);
		}
	}
	WANT(got, 1);
	WANT(recv(fd, again, sizeof again, MSG_DONTWAIT), 500);
	WANT(again[499], 'z');
	FAILS(recv(fd, again, sizeof again, MSG_DONTWAIT), EAGAIN);
	munmap(map, PAGE);
	close(fd);
	close(other);
}

static void bypass(void)
{
	int fd = packet_socket(SOCK_RAW, 0), tap = packet_socket(SOCK_RAW, ETH_P_ALL), come = packet_socket(SOCK_RAW, KIND), seen = 0;
	unsigned char frame[60] = { [12] = KIND >> 8, KIND & 255, [59] = 'q' }, got[100];
	struct sockaddr_ll from;
	socklen_t size = sizeof from;
	short half = 1;

	WANT(get_int(fd, SOL_PACKET, PACKET_QDISC_BYPASS), 0);
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &half, sizeof half), EINVAL);
	WANT(set(fd, PACKET_QDISC_BYPASS, 5), 0);
	WANT(get_int(fd, SOL_PACKET, PACKET_QDISC_BYPASS), 1);
	WANT(send(fd, frame, sizeof frame, 0), 60);
	WANT(next(come), 'q');
	/* Taps do not see it go. */
	while (recvfrom(tap, got, sizeof got, MSG_DONTWAIT, (struct sockaddr *)&from, &size) > 0)
		seen += from.sll_pkttype == PACKET_OUTGOING ? 16 : 1;
	WANT(seen, 1);
	close(fd);
	close(tap);
	close(come);
}

int main(void)
{
	lo = (struct sockaddr_ll) { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex("lo") };
	versions(TPACKET_V1);
	versions(TPACKET_V2);
	versions(TPACKET_V3);
	loss();
	copies();
	bypass();
	return done();
}
