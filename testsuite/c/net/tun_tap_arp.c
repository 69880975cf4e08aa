/*
 * IFF_TAP: Ethernet frames. The program is a neighbour: it answers ARP and then a ping, and asks by ARP itself.
 * Linux's networking/tuntap document, RFC 826.
 * Agrees: Linux 7.2.
 */
#include "tun.h"

#include <net/if_arp.h>

static unsigned char frame[4096];
static const unsigned char peer[6] = { 2, 0, 0, 0, 0, 9 };

/* The next frame of an ethertype. */
static int next(int fd, int type)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, 2000) == 1) {
		int length = read(fd, frame, sizeof frame);

		if (length >= 14 && frame[12] << 8 == (type & 0xff00) && frame[13] == (type & 0xff))
			return length;
	}
	return -1;
}

static void address_of(const char *name, unsigned char *mac)
{
	struct ifreq r = { 0 };
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));

	strcpy(r.ifr_name, name);
	NEED(ioctl(fd, SIOCGIFHWADDR, &r));
	WANT(r.ifr_hwaddr.sa_family, ARPHRD_ETHER);
	memcpy(mac, r.ifr_hwaddr.sa_data, 6);
	close(fd);
}

/* Turns the ARP request in `frame` into the answer that its target is at `peer`. */
static void answer_arp(void)
{
	unsigned char *arp = frame + 14, target[4];

	memcpy(target, arp + 24, 4);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, peer, 6);
	arp[7] = 2;
	memcpy(arp + 18, arp + 8, 10);
	memcpy(arp + 8, peer, 6);
	memcpy(arp + 14, target, 4);
}

int main(void)
{
	unsigned char own[6];
	struct ifreq r = { 0 };
	int fd, ping, length;

	NEED(unshare(CLONE_NEWNET));
	fd = tun_open("", IFF_TAP | IFF_NO_PI);
	WANT(strcmp(tun_name, "tap0"), 0);
	WANT(link_state("tap0"), IFF_BROADCAST | IFF_MULTICAST);
	address_of("tap0", own);
	WANT(own[0] & 3, 2);
	WANT(link_up("tap0"), 0);
	WANT(addr_add("tap0", "10.8.1.1", 24), 0);

	ping = tun_ping("10.8.1.9", 1);
	length = next(fd, 0x806);
	CHECK(length >= 42);
	CHECK(!memcmp(frame, "\xff\xff\xff\xff\xff\xff", 6));
	CHECK(!memcmp(frame + 6, own, 6));
	CHECK(!memcmp(frame + 38, "\x0a\x08\x01\x09", 4));
	answer_arp();
	WANT(write(fd, frame, 42), 42);
	WANT(next(fd, 0x800), 14 + 36);
	CHECK(!memcmp(frame, peer, 6));
	CHECK(tun_answer(frame + 14, 36));
	memcpy(frame, own, 6);
	memcpy(frame + 6, peer, 6);
	WANT(write(fd, frame, 50), 50);
	WANT(tun_ponged(ping, 1), 1);

	/* The other way round. */
	memset(frame, 0xff, 6);
	memcpy(frame + 6, peer, 6);
	memcpy(frame + 12, "\x08\x06\0\1\x08\0\6\4\0\1", 10);
	memcpy(frame + 22, peer, 6);
	memcpy(frame + 28, "\x0a\x08\x01\x09\0\0\0\0\0\0\x0a\x08\x01\x01", 14);
	WANT(write(fd, frame, 42), 42);
	CHECK(next(fd, 0x806) >= 42);
	WANT(frame[21], 2);
	CHECK(!memcmp(frame + 22, own, 6));

	/* Too short for a header; of nonsense; longer than the MTU: all but the first are taken. */
	FAILS(write(fd, frame, 13), EINVAL);
	WANT(write(fd, frame, 14), 14);
	memset(frame + 14, 0x5a, 2000);
	WANT(write(fd, frame, 2000), 2000);
	for (int type = 0; type < 4; type++) {
		memcpy(frame, own, 6);
		memcpy(frame + 12, &"\x08\x00\x08\x06\x86\xdd\x00\x40"[2 * type], 2);
		for (int size = 14; size < 120; size++) {
			frame[14] = type == 2 ? 0x60 : 0x45;
			if (write(fd, frame, size) != size)
				WANT(size, 0);
		}
	}

	/* Its address by the descriptor. */
	WANT(ioctl(fd, SIOCGIFHWADDR, &r), 0);
	CHECK(!memcmp(r.ifr_hwaddr.sa_data, own, 6));
	r.ifr_hwaddr.sa_data[5] ^= 1;
	WANT(ioctl(fd, SIOCSIFHWADDR, &r), 0);
	address_of("tap0", own);
	CHECK(!memcmp(r.ifr_hwaddr.sa_data, own, 6));
	return done();
}
