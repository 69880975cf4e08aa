/*
 * IP_RECVFRAGSIZE and IPV6_RECVFRAGSIZE: the length of the longest fragment that
 * a datagram came in; nothing where it came whole. ip(7), ipv6(7).
 * Agrees: Linux 7.2.
 */
#include "message.h"

#include <netinet/ip.h>
#include <netinet/udp.h>

#ifndef IP_RECVFRAGSIZE
#define IP_RECVFRAGSIZE 25
#endif
#ifndef IPV6_RECVFRAGSIZE
#define IPV6_RECVFRAGSIZE 77
#endif

static void v6(void)
{
	struct pair pair = udp_pair(AF_INET6);
	static char data[3000];
	struct message *m;

	set_int(pair.server, IPPROTO_IPV6, IPV6_RECVFRAGSIZE, 1);
	NEED(send(pair.client, data, sizeof data, 0));
	m = receive_soon(pair.server, 0);
	WANT(m->length, sizeof data);
	WANT(ancillary_or(m, IPPROTO_IPV6, IPV6_RECVFRAGSIZE, -1), -1);
	close_pair(pair);
}

/* One part of a UDP datagram, by hand. */
static void part(int raw, int port, int offset, int length, int more)
{
	struct address to = loopback(AF_INET, 0);
	char packet[2000] = { 0 };
	struct iphdr ip = { .version = 4, .ihl = 5, .id = htons(4711), .ttl = 64, .protocol = IPPROTO_UDP };
	struct udphdr udp = { .source = htons(9999), .dest = htons(port), .len = htons(1508) };

	ip.frag_off = htons(offset / 8 | (more ? 0x2000 : 0));
	ip.saddr = ip.daddr = htonl(INADDR_LOOPBACK);
	memcpy(packet, &ip, sizeof ip);
	if (!offset)
		memcpy(packet + sizeof ip, &udp, sizeof udp);
	WANT(sendto(raw, packet, sizeof ip + length, 0, &to.any, to.length), (int)sizeof ip + length);
}

static void v4(void)
{
	struct address a;
	int fd = bound(AF_INET, SOCK_DGRAM, &a), raw = NEED(socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
	struct message *m;

	set_int(fd, IPPROTO_IP, IP_RECVFRAGSIZE, 1);
	part(raw, port_of(&a), 0, 1008, 1);
	part(raw, port_of(&a), 1008, 500, 0);
	m = receive_soon(fd, 0);
	WANT(m->length, 1500);
	WANT(ancillary_or(m, IPPROTO_IP, IP_RECVFRAGSIZE, -1), 1028);
	close(fd);
	close(raw);
}

int main(void)
{
	v4();
	v6();
	return done();
}
