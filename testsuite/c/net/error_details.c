/*
 * What the error queue and its neighbours tell beside the errno: IP_RECVERR_RFC4884 and IPV6_RECVERR_RFC4884 (where the
 * extensions of an ICMP error begin, and whether they are well formed: RFC 4884), the hop limit of what brought an error,
 * IPV6_RECVPATHMTU (RFC 3542 section 11.3), the pending error after the queue was read (recv(2), sock_dequeue_err_skb).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#ifndef IP_RECVERR_RFC4884
#define IP_RECVERR_RFC4884 26
#endif
#ifndef IPV6_RECVERR_RFC4884
#define IPV6_RECVERR_RFC4884 31
#endif

static struct message m;

static unsigned short checksum(const unsigned char *bytes, size_t length)
{
	unsigned sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += bytes[i] << 8 | (i + 1 < length ? bytes[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static void put16(unsigned char *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value;
}

/*
 * A router's complaint about a datagram of 200 bytes that `fd` sent to `to`: 128 bytes of it, and behind them a structure with one
 * object; `bad` breaks its checksum. `words` is the length field.
 */
static void complain(int fd, const struct address *to, int words, int bad)
{
	static unsigned char packet[512];
	struct address own = name_of(fd);
	int v6 = own.any.sa_family == AF_INET6, head = v6 ? 40 : 20;
	int raw = NEED(socket(own.any.sa_family, SOCK_RAW, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP));
	struct address self = loopback(own.any.sa_family, 0);
	unsigned char *quote = packet + 8, *structure = quote + 128;

	memset(packet, 0, sizeof packet);
	packet[0] = v6 ? ICMP6_DST_UNREACH : ICMP_DEST_UNREACH;
	packet[1] = v6 ? ICMP6_DST_UNREACH_NOPORT : ICMP_PORT_UNREACH;
	packet[v6 ? 4 : 5] = words;
	if (v6) {
		quote[0] = 0x60;
		put16(quote + 4, 208);
		quote[6] = IPPROTO_UDP;
		quote[7] = 64;
		memcpy(quote + 8, &own.v6.sin6_addr, 16);
		memcpy(quote + 24, &to->v6.sin6_addr, 16);
	} else {
		quote[0] = 0x45;
		put16(quote + 2, 228);
		quote[8] = 64;
		quote[9] = IPPROTO_UDP;
		memcpy(quote + 12, &own.v4.sin_addr, 4);
		memcpy(quote + 16, &to->v4.sin_addr, 4);
		memcpy(quote + 10, &(unsigned short){ checksum(quote, 20) }, 2);
	}
	put16(quote + head, port_of(&own));
	put16(quote + head + 2, port_of(to));
	put16(quote + head + 4, 208);
	memset(quote + head + 8, 'q', 128 - head - 8);
	structure[0] = 0x20;
	put16(structure + 4, 8);
	structure[6] = 1;
	structure[7] = 1;
	memcpy(structure + 8, "LABL", 4);
	memcpy(structure + 2, &(unsigned short){ checksum(structure, 12) }, 2);
	if (bad)
		structure[2] ^= 1;
	if (!v6)
		memcpy(packet + 2, &(unsigned short){ checksum(packet, 148) }, 2);
	WANT(sendto(raw, packet, 148, 0, &self.any, self.length), 148);
	close(raw);
}

/* Takes an entry; the three bytes that tell of extensions, or -1. */
static int extension(int fd, int v6)
{
	struct sock_extended_err *e;
	struct pollfd p = { .fd = fd };
	unsigned char *bytes;
	unsigned short offset;

	CHECK(poll(&p, 1, 2000) == 1 && p.revents & POLLERR);
	if (receive(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return -1;
	e = ancillary(&m, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR);
	if (!e)
		return -1;
	WANT(e->ee_errno, ECONNREFUSED);
	bytes = (unsigned char *)&e->ee_data;
	memcpy(&offset, bytes, 2);
	return offset | bytes[2] << 16;
}

static void extensions(int family)
{
	int v6 = family == AF_INET6, level = v6 ? IPPROTO_IPV6 : IPPROTO_IP, on = 1, two = 2, off = 0, value = -1;
	int option = v6 ? IPV6_RECVERR_RFC4884 : IP_RECVERR_RFC4884, words = v6 ? 16 : 32, headers = v6 ? 48 : 28;
	struct address own, to;
	int fd = bound(family, SOCK_DGRAM, &own), other = bound(family, SOCK_DGRAM, &to);
	socklen_t length = sizeof value;

	NEED(connect(fd, &to.any, to.length));
	NEED(setsockopt(fd, level, v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on));
	complain(fd, &to, words, 0);
	WANT(extension(fd, v6), 0);
	WANT(m.length, 128 - headers + 12);
	WANT(m.data[0], 'q');
	FAILS(setsockopt(fd, level, option, &two, sizeof two), EINVAL);
	WANT(setsockopt(fd, level, option, &on, sizeof on), 0);
	WANT(getsockopt(fd, level, option, &value, &length), 0);
	WANT(value, 1);
	complain(fd, &to, words, 0);
	WANT(extension(fd, v6), 128 - headers);
	complain(fd, &to, words, 1);
	WANT(extension(fd, v6), (128 - headers) | 1 << 16);
	/* No length, a short one, one beyond the end. */
	complain(fd, &to, 0, 0);
	WANT(extension(fd, v6), 0);
	complain(fd, &to, words - 1, 0);
	WANT(extension(fd, v6), 0);
	complain(fd, &to, words + 3, 0);
	WANT(extension(fd, v6), 0);
	/* Four bytes of another version are taken as they are. */
	if (!v6) {
		complain(fd, &to, words + 2, 0);
		WANT(extension(fd, v6), 136 - headers);
	}
	WANT(setsockopt(fd, level, option, &off, sizeof off), 0);
	complain(fd, &to, words, 0);
	WANT(extension(fd, v6), 0);
	close(fd);
	close(other);
}

/* Nobody listens at `to`: an error comes for each. */
static void pending(int family)
{
	int v6 = family == AF_INET6, level = v6 ? IPPROTO_IPV6 : IPPROTO_IP, on = 1;
	struct address to = nobody(family, SOCK_DGRAM);
	int fd = NEED(socket(family, SOCK_DGRAM, 0)), error;
	socklen_t length = sizeof error;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	NEED(setsockopt(fd, level, v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on));
	NEED(setsockopt(fd, level, v6 ? IPV6_RECVHOPLIMIT : IP_RECVTTL, &on, sizeof on));
	if (v6)
		NEED(setsockopt(fd, IPPROTO_IPV6, 8 /* IPV6_2292HOPLIMIT */, &on, sizeof on));
	WANT(sendto(fd, "1", 1, 0, &to.any, to.length), 1);
	WANT(poll(&p, 1, 2000), 1);
	/* The queue was read, so nothing is pending. */
	WANT(receive(fd, &m, MSG_ERRQUEUE), 1);
	WANT(ancillary_int(&m, level, v6 ? IPV6_HOPLIMIT : IP_TTL), 64);
	if (v6)
		WANT(ancillary_int(&m, level, 8), 64);
	WANT(poll(&p, 1, 0), 0);
	WANT(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
	WANT(error, 0);
	/* Two entries: after one the other is pending. */
	WANT(sendto(fd, "2", 1, 0, &to.any, to.length), 1);
	WANT(poll(&p, 1, 2000), 1);
	WANT(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
	WANT(error, ECONNREFUSED);
	WANT(sendto(fd, "3", 1, 0, &to.any, to.length), 1);
	WANT(poll(&p, 1, 2000), 1);
	WANT(receive(fd, &m, MSG_ERRQUEUE), 1);
	WANT(m.data[0], '2');
	FAILS(sendto(fd, "4", 1, 0, &to.any, to.length), ECONNREFUSED);
	WANT(receive(fd, &m, MSG_ERRQUEUE), 1);
	WANT(m.data[0], '3');
	WANT(sendto(fd, "5", 1, 0, &to.any, to.length), 1);
	close(fd);
}

static void path_mtu(void)
{
	struct { struct sockaddr_in6 to; unsigned mtu; } *info;
	struct address own, to;
	int fd = bound(AF_INET6, SOCK_DGRAM, &own), other = bound(AF_INET6, SOCK_DGRAM, &to), on = 1, value = -1;
	static char big[128000];
	socklen_t length = sizeof value;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	WANT(getsockopt(fd, IPPROTO_IPV6, IPV6_RECVPATHMTU, &value, &length), 0);
	WANT(value, 0);
	FAILS(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPATHMTU, &on, 2), EINVAL);
	WANT(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPATHMTU, &on, sizeof on), 0);
	FAILS(sendto(fd, big, sizeof big, 0, &to.any, to.length), EMSGSIZE);
	FAILS(receive(fd, &m, MSG_DONTWAIT), EAGAIN);
	/* Only what must not be fragmented is told of. */
	NEED(setsockopt(fd, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof on));
	FAILS(sendto(fd, big, sizeof big, 0, &to.any, to.length), EMSGSIZE);
	WANT(poll(&p, 1, 0), 0);
	WANT(receive(fd, &m, MSG_DONTWAIT), 0);
	info = ancillary(&m, IPPROTO_IPV6, IPV6_PATHMTU);
	CHECK(info && info->mtu == 65536 && !memcmp(&info->to.sin6_addr, &to.v6.sin6_addr, 16));
	CHECK(info && info->to.sin6_family == AF_INET6 && info->to.sin6_port == 0);
	WANT(m.from.length, sizeof m.from.v6);
	CHECK(!memcmp(&m.from.v6.sin6_addr, &to.v6.sin6_addr, 16));
	WANT(port_of(&m.from), 0);
	WANT(m.flags, 0);
	FAILS(receive(fd, &m, MSG_DONTWAIT), EAGAIN);
	/* It comes before what waits; and the path's MTU is an error in the queue, too. */
	NEED(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on));
	WANT(sendto(other, "after", 5, 0, &own.any, own.length), 5);
	FAILS(sendto(fd, big, 65500, 0, &to.any, to.length), EMSGSIZE);
	WANT(receive(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT), 0);
	CHECK(ancillary(&m, IPPROTO_IPV6, IPV6_RECVERR) != NULL);
	WANT(receive(fd, &m, MSG_DONTWAIT), 0);
	CHECK(ancillary(&m, IPPROTO_IPV6, IPV6_PATHMTU) != NULL);
	WANT(receive(fd, &m, MSG_DONTWAIT), 5);
	close(fd);
	close(other);
}

int main(void)
{
	extensions(AF_INET);
	extensions(AF_INET6);
	pending(AF_INET);
	pending(AF_INET6);
	path_mtu();
	return done();
}
