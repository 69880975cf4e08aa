/*
 * IFF_TUN: packets that a route leads to the interface are read from the descriptor, what is written there arrives: the program
 * answers pings. With a packet information header, with a virtio header, cut where the room is short. The interface is there
 * as long as the descriptor. Linux's networking/tuntap document.
 * Agrees: Linux 7.2.
 */
#include "tun.h"

static unsigned char packet[4096];

/* Its line in /proc/net/dev: packets received and sent. */
static void counts(const char *name, long *in, long *out)
{
	FILE *file = fopen("/proc/net/dev", "r");
	char line[512];

	*in = *out = -1;
	while (fgets(line, sizeof line, file)) {
		char *at = strchr(line, ':');

		if (at && at - line >= (long)strlen(name) && !strncmp(at - strlen(name), name, strlen(name)))
			sscanf(at + 1, "%*d %ld %*d %*d %*d %*d %*d %*d %*d %ld", in, out);
	}
	fclose(file);
}

int main(void)
{
	struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct iovec parts[2] = { { packet, 20 }, { packet + 20, sizeof packet - 20 } };
	struct virtio_net_hdr *hints = (void *)packet;
	int fd, ping, length, udp;
	long in, out, in2, out2;

	NEED(unshare(CLONE_NEWNET));
	/* Nothing but what is sent here. */
	NEED(sysctl_set("net/ipv6/conf/default/disable_ipv6", "1"));
	fd = tun_open("t%d", IFF_TUN | IFF_NO_PI);
	WANT(strcmp(tun_name, "t0"), 0);
	WANT(link_state("t0"), IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST);
	FAILS(write(fd, "\x45", 1), EIO);
	WANT(link_up("t0"), 0);
	WANT(link_becomes("t0", IFF_UP | IFF_RUNNING, IFF_UP | IFF_RUNNING), 1);
	WANT(addr_add("t0", "10.8.0.1", 24), 0);
	counts("t0", &in, &out);

	for (int i = 1; i <= 3; i++) {
		ping = tun_ping("10.8.0.7", i);
		length = tun_next(fd, packet, sizeof packet, 4);
		WANT(length, 36);
		CHECK(tun_answer(packet, length));
		WANT(write(fd, packet, length), length);
		WANT(tun_ponged(ping, i), 1);
	}
	/* Through a route, too, and into several buffers. */
	WANT(route_add("172.31.0.0", 16, "10.8.0.9", NULL), 0);
	ping = tun_ping("172.31.4.4", 9);
	WANT(readv(fd, parts, 2), 36);
	parts[1].iov_len = 16;
	CHECK(tun_answer(packet, 36));
	WANT(writev(fd, parts, 2), 36);
	WANT(tun_ponged(ping, 9), 1);
	counts("t0", &in2, &out2);
	CHECK(in >= 0 && in2 - in == 4);
	CHECK(out >= 0 && out2 - out >= 4);
	/* The rest of a packet that is too long is gone. */
	ping = tun_ping("10.8.0.7", 4);
	WANT(tun_next(fd, packet, 20, 4), 20);
	NEED(fcntl(fd, F_SETFL, O_NONBLOCK));
	FAILS(read(fd, packet, sizeof packet), EAGAIN);
	close(ping);
	close(fd);
	WANT(if_nametoindex("t0"), 0);

	/* The header says what protocol follows. */
	fd = tun_open("", IFF_TUN);
	WANT(strcmp(tun_name, "tun0"), 0);
	WANT(link_up("tun0"), 0);
	WANT(addr_add("tun0", "10.8.0.1", 24), 0);
	udp = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	NEED(inet_pton(AF_INET, "10.8.0.7", &there.sin_addr));
	WANT(sendto(udp, "hello", 5, 0, (void *)&there, sizeof there), 5);
	do
		length = NEED(read(fd, packet, sizeof packet));
	while (packet[4] >> 4 != 4);
	WANT(length, 4 + 20 + 8 + 5);
	CHECK(!memcmp(packet, "\0\0\x08\0\x45", 5));
	/* Where it does not fit, that is said. */
	NEED(sendto(udp, "hello", 5, 0, (void *)&there, sizeof there));
	WANT(read(fd, packet, 24), 24);
	CHECK(!memcmp(packet, "\1\0\x08\0\x45", 5) || !memcmp(packet, "\0\1\x08\0\x45", 5));
	FAILS(write(fd, packet, 3), EINVAL);
	ping = tun_ping("10.8.0.7", 5);
	WANT(read(fd, packet, sizeof packet), 40);
	CHECK(tun_answer(packet + 4, 36));
	WANT(write(fd, packet, 40), 40);
	WANT(tun_ponged(ping, 5), 1);
	/* Another protocol: taken, and of no use. */
	memcpy(packet, "\0\0\x12\x34", 4);
	WANT(write(fd, packet, 40), 40);
	close(fd);

	/* A virtio header in front of the packet. */
	fd = tun_open("v0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	WANT(link_up("v0"), 0);
	WANT(addr_add("v0", "10.8.0.1", 24), 0);
	ping = tun_ping("10.8.0.7", 6);
	do
		length = NEED(read(fd, packet, sizeof packet));
	while (packet[10] >> 4 != 4);
	WANT(length, 10 + 36);
	WANT(hints->gso_type, VIRTIO_NET_HDR_GSO_NONE);
	CHECK(tun_answer(packet + 10, 36));
	/* The sum of the rest is left to the kernel. */
	packet[10 + 22] = packet[10 + 23] = 0;
	memset(hints, 0, sizeof *hints);
	hints->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hints->csum_start = 20;
	hints->csum_offset = 2;
	WANT(write(fd, packet, 46), 46);
	WANT(tun_ponged(ping, 6), 1);
	FAILS(write(fd, packet, 9), EINVAL);
	hints->hdr_len = 60;
	FAILS(write(fd, packet, 46), EINVAL);
	hints->hdr_len = 0;
	hints->gso_type = 0x7f;
	FAILS(write(fd, packet, 46), EINVAL);
	return done();
}
