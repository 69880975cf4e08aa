/*
 * tun.h: interfaces whose other side is a descriptor, for test programs. Linux's networking/tuntap document.
 *
 *     unshare(CLONE_NEWNET);
 *     int fd = tun_open("t%d", IFF_TUN | IFF_NO_PI);    // makes it or attaches to it
 *     tun_next(fd, packet, sizeof packet, 4);           // the next IPv4 packet; others are thrown away
 *     tun_answer(packet, length);                       // an echo request becomes its reply
 *     tun_leave();                                      // goes before the last descriptor: unread packets may hold it
 */
#ifndef TUN_H
#define TUN_H

#include "link.h"

#include <linux/if_tun.h>
#include <linux/virtio_net.h>

/* The name of the last one. */
static char tun_name[IFNAMSIZ];

/* TUNSETIFF: 0, or -1 with errno. */
static inline int tun_attach(int fd, const char *name, int flags)
{
	struct ifreq r = { 0 };

	strncpy(r.ifr_name, name, IFNAMSIZ);
	r.ifr_flags = flags;
	if (ioctl(fd, TUNSETIFF, &r))
		return -1;
	strcpy(tun_name, r.ifr_name);
	return 0;
}

static inline int tun_device(void)
{
	return NEED(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
}

static inline int tun_open(const char *name, int flags)
{
	int fd = tun_device();

	NEED(tun_attach(fd, name, flags));
	return fd;
}

/* TUNGETIFF's flags. */
static inline int tun_flags(int fd)
{
	struct ifreq r = { 0 };

	return ioctl(fd, TUNGETIFF, &r) ? -1 : (unsigned short)r.ifr_flags;
}

/* The length of the next packet of an IP version that the kernel sends, within two seconds; -1 when none comes. */
static inline int tun_next(int fd, unsigned char *packet, size_t room, int version)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, 2000) == 1 && (p.revents & POLLIN)) {
		int length = read(fd, packet, room);

		if (length < 1)
			return -1;
		if (packet[0] >> 4 == version)
			return length;
	}
	return -1;
}

/* The Internet checksum, RFC 1071. */
static inline unsigned short tun_sum(const unsigned char *bytes, int length)
{
	unsigned sum = 0;

	for (int i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Turns an ICMP echo request into the reply of whom it was sent to; whether it was one. */
static inline int tun_answer(unsigned char *ip, int length)
{
	int header = (ip[0] & 15) * 4;
	unsigned char address[4], *icmp = ip + header;
	unsigned short sum;

	if (length < header + 8 || ip[9] != IPPROTO_ICMP || icmp[0] != 8)
		return 0;
	memcpy(address, ip + 12, 4);
	memcpy(ip + 12, ip + 16, 4);
	memcpy(ip + 16, address, 4);
	icmp[0] = icmp[2] = icmp[3] = 0;
	sum = tun_sum(icmp, length - header);
	icmp[2] = sum >> 8;
	icmp[3] = sum;
	return 1;
}

/* An ICMP echo request from a socket; the socket. */
static inline int tun_ping(const char *to, int sequence)
{
	struct timeval wait = { .tv_sec = 2 };
	struct sockaddr_in sa = { .sin_family = AF_INET };
	unsigned char request[16] = { 8, 0, 0, 0, 0, 7, sequence >> 8, sequence, 'p', 'i', 'n', 'g' };
	int fd = NEED(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	unsigned short sum = tun_sum(request, sizeof request);

	request[2] = sum >> 8;
	request[3] = sum;
	NEED(inet_pton(AF_INET, to, &sa.sin_addr));
	NEED(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait));
	NEED(sendto(fd, request, sizeof request, 0, (void *)&sa, sizeof sa));
	return fd;
}

/* Whether the reply to `sequence` comes; closes the socket. */
static inline int tun_ponged(int fd, int sequence)
{
	unsigned char got[128];
	int length, found = 0;

	while (!found && (length = recv(fd, got, sizeof got, 0)) > 0)
		found = length >= 28 && got[20] == 0 && got[26] == (unsigned char)(sequence >> 8) && got[27] == (unsigned char)sequence;
	close(fd);
	return found;
}

#endif
