/*
 * SOL_PACKET: values, lengths, and what a ring must be like. packet(7), Documentation/networking/packet_mmap.rst.
 * Agrees: Linux 6.18.
 */
#include "net.h"
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/mman.h>

static int fd;

static int get(int name)
{
	int value = -2;
	socklen_t len = sizeof value;

	return getsockopt(fd, SOL_PACKET, name, &value, &len) ? -1 : value;
}

static int set(int name, int value)
{
	return setsockopt(fd, SOL_PACKET, name, &value, sizeof value);
}

static int header_len(int version)
{
	socklen_t len = sizeof version;

	return getsockopt(fd, SOL_PACKET, PACKET_HDRLEN, &version, &len) ? -1 : version;
}

static int ring(unsigned block_size, unsigned blocks, unsigned frame_size, unsigned frames)
{
	struct tpacket_req3 req = { block_size, blocks, frame_size, frames, 0, 0, 0 };

	return setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof req);
}

int main(void)
{
	struct packet_mreq mreq = { if_nametoindex("lo"), PACKET_MR_PROMISC, 0, { 0 } };
	unsigned page = PAGE;
	long long wide = 1;
	socklen_t len;
	void *map;
	int value;

	fd = NEED(socket(AF_PACKET, SOCK_RAW, 0));
	/* Flags. */
	WANT(get(PACKET_AUXDATA), 0);
	WANT(set(PACKET_AUXDATA, 5), 0);
	WANT(get(PACKET_AUXDATA), 1);
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &wide, 3), EINVAL);
	WANT(setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &wide, 8), 0);
	WANT(get(PACKET_ORIGDEV), 0);
	WANT(set(PACKET_ORIGDEV, 1), 0);
	WANT(get(PACKET_ORIGDEV), 1);
	WANT(set(PACKET_LOSS, 1), 0);
	WANT(get(PACKET_LOSS), 1);
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_LOSS, &wide, 8), EINVAL);
	FAILS(set(PACKET_IGNORE_OUTGOING, 2), EINVAL);
	WANT(set(PACKET_TIMESTAMP, 0), 0);
	WANT(get(PACKET_TIMESTAMP), 0);
	FAILS(set(99, 1), ENOPROTOOPT);
	FAILS(get(99), ENOPROTOOPT);
	FAILS(set(PACKET_STATISTICS, 1), ENOPROTOOPT);
	FAILS(setsockopt(fd, SOL_IP, 1, &wide, 4), ENOPROTOOPT);
	/* Versions. */
	WANT(get(PACKET_VERSION), TPACKET_V1);
	FAILS(set(PACKET_VERSION, 3), EINVAL);
	WANT(header_len(TPACKET_V1), (int)sizeof(struct tpacket_hdr));
	WANT(header_len(TPACKET_V2), (int)sizeof(struct tpacket2_hdr));
	WANT(header_len(TPACKET_V3), (int)sizeof(struct tpacket3_hdr));
	FAILS(header_len(3), EINVAL);
	len = 3;
	value = 0;
	FAILS(getsockopt(fd, SOL_PACKET, PACKET_HDRLEN, &value, &len), EINVAL);
	/* Memberships. */
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof mreq - 1), EINVAL);
	WANT(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof mreq), 0);
	WANT(setsockopt(fd, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &mreq, sizeof mreq), 0);
	WANT(setsockopt(fd, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &mreq, sizeof mreq), 0);
	mreq.mr_type = PACKET_MR_MULTICAST;
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof mreq), EINVAL);
	mreq.mr_alen = 7;
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof mreq), EINVAL);
	mreq.mr_ifindex = 9999;
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq, sizeof mreq), ENODEV);
	/* Rings. */
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0, EINVAL);
	WANT(set(PACKET_VERSION, TPACKET_V2), 0);
	FAILS(ring(page + 1, 1, 2048, 2), EINVAL);
	FAILS(ring(0, 1, 2048, 2), EINVAL);
	FAILS(ring(page, 1, 32, page / 32), EINVAL);
	FAILS(ring(page, 1, 2040, page / 2040), EINVAL);
	FAILS(ring(page, 1, 2 * page, 1), EINVAL);
	FAILS(ring(page, 2, 2048, page / 2048), EINVAL);
	FAILS(ring(0, 0, 0, 1), EINVAL);
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &page, 12), EINVAL);
	WANT(ring(page, 2, 2048, page / 1024), 0);
	FAILS(ring(page, 2, 2048, page / 1024), EBUSY);
	FAILS(set(PACKET_VERSION, TPACKET_V1), EBUSY);
	FAILS(set(PACKET_RESERVE, 16), EBUSY);
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0, EINVAL);
	FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, page) == MAP_FAILED ? -1 : 0, EINVAL);
	map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	FAILS(ring(0, 0, 0, 0), EBUSY);
	WANT(munmap(map, 2 * page), 0);
	WANT(ring(0, 0, 0, 0), 0);
	WANT(set(PACKET_RESERVE, 16), 0);
	WANT(get(PACKET_RESERVE), 16);
	FAILS(set(PACKET_RESERVE, -1), EINVAL);
	/* V3 has its own structure and statistics. */
	WANT(set(PACKET_VERSION, TPACKET_V3), 0);
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &(struct tpacket_req){ page, 1, 2048, page / 2048 },
		sizeof(struct tpacket_req)), EINVAL);
	WANT(ring(page, 2, 2048, page / 1024), 0);
	{
		struct tpacket_stats_v3 stats;

		len = sizeof stats;
		WANT(getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len), 0);
		WANT(len, sizeof stats);
	}
	return done();
}
