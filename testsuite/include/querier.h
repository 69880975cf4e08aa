/*
 * querier.h: a link with a router played by hand at its other end. RFC 3376, RFC 3810.
 *
 *     struct wire w = wire_new(AF_INET);          // "left" here, "right" in another namespace, both up
 *     wire_send(&w, packet, length);              // an IP packet to a group, put on the link from there
 *     n = wire_next(&w, 500);                     // the next group message from here: w.packet, w.message; 0: none
 *     wire_drain(&w, 300);                        // until nothing came for so long
 *     wire_goes_to(&w, "224.0.0.22");             // whereto that message went
 *     type = record_type(&w, "239.1.2.3");        // of a group in the report that it is, -1: not in it
 */
#ifndef QUERIER_H
#define QUERIER_H

#include "link.h"
#include "text.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>

struct wire {
	struct space there;
	int fd, ifindex, family;
	/* What wire_next() heard last. */
	unsigned char packet[2048], *message;
};

static inline struct wire wire_new(int family)
{
	struct wire w = { .family = family };
	struct sockaddr_ll at = { .sll_family = AF_PACKET };
	int ethertype = family == AF_INET ? ETH_P_IP : ETH_P_IPV6;

	NEED(unshare(CLONE_NEWNET));
	w.there = space_new();
	NEED(link_veth("left", "right", w.there.pid) ? -1 : 0);
	space_enter(&w.there);
	/* Its own reports would be heard by nobody, but be in the way. */
	sysctl_set("net/ipv6/conf/right/disable_ipv6", "1");
	NEED(link_up("right") ? -1 : 0);
	w.ifindex = if_nametoindex("right");
	w.fd = NEED(socket(AF_PACKET, SOCK_DGRAM, htons(ethertype)));
	at.sll_protocol = htons(ethertype);
	at.sll_ifindex = w.ifindex;
	NEED(bind(w.fd, (void *)&at, sizeof at));
	space_leave();
	/* An address on trial could not answer for a second. */
	sysctl_set("net/ipv6/conf/left/accept_dad", "0");
	sysctl_set("net/ipv6/conf/left/router_solicitations", "0");
	NEED(link_up("left") ? -1 : 0);
	if (!link_becomes("left", IFF_UP | IFF_RUNNING, IFF_UP | IFF_RUNNING))
		check_bail("a carrier", 0, __FILE__, __LINE__);
	return w;
}

static inline unsigned short wire_sum(unsigned sum, const void *data, size_t length)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < length; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* A whole IP packet; the link address follows from the group it goes to. */
static inline void wire_send(struct wire *w, const void *packet, size_t length)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = w->ifindex, .sll_halen = 6 };
	const unsigned char *p = packet;

	if (w->family == AF_INET) {
		unsigned char mac[6] = { 1, 0, 0x5e, p[17] & 0x7f, p[18], p[19] };

		to.sll_protocol = htons(ETH_P_IP);
		memcpy(to.sll_addr, mac, 6);
	} else {
		unsigned char mac[6] = { 0x33, 0x33, p[36], p[37], p[38], p[39] };

		to.sll_protocol = htons(ETH_P_IPV6);
		memcpy(to.sll_addr, mac, 6);
	}
	NEED(sendto(w->fd, packet, length, 0, (void *)&to, sizeof to));
}

/* Offset of the IGMP or MLD message in a packet, or 0 where it is none. */
static inline int wire_message(struct wire *w, const unsigned char *p, int length)
{
	if (w->family == AF_INET)
		return length >= 28 && p[9] == IPPROTO_IGMP ? (p[0] & 15) * 4 : 0;
	/* Reports have a router alert in front. */
	if (length < 72 || p[6] != IPPROTO_HOPOPTS || p[40] != IPPROTO_ICMPV6)
		return 0;
	return 48;
}

/* The next group message from the other end; its length. */
static inline int wire_next(struct wire *w, int ms)
{
	long long end = now_ms() + ms;

	for (;;) {
		struct sockaddr_ll from;
		socklen_t length = sizeof from;
		int left = end - now_ms(), n, at;

		if (left < 0 || !ready(w->fd, POLLIN, left))
			return 0;
		n = NEED(recvfrom(w->fd, w->packet, sizeof w->packet, 0, (void *)&from, &length));
		if (from.sll_pkttype == PACKET_OUTGOING || !(at = wire_message(w, w->packet, n)))
			continue;
		w->message = w->packet + at;
		return n - at;
	}
}

/* Until nothing came for so long; how many came. */
static inline int wire_drain(struct wire *w, int ms)
{
	int count = 0;

	while (wire_next(w, ms))
		count++;
	return count;
}

static inline int wire_goes_to(const struct wire *w, const char *address)
{
	unsigned char a[16];

	inet_pton(w->family, address, a);
	return w->family == AF_INET ? !memcmp(w->packet + 16, a, 4) : !memcmp(w->packet + 24, a, 16);
}

/* How many records the report has. */
static inline int records(const struct wire *w) { return w->message[6] << 8 | w->message[7]; }

/* How many sources a record has. */
static inline int sources_in(const unsigned char *record) { return record[2] << 8 | record[3]; }

/* The record of a group in the report, or NULL. */
static inline unsigned char *record(const struct wire *w, const char *group)
{
	int size = w->family == AF_INET ? 4 : 16;
	unsigned char *r = w->message + 8, a[16];

	inet_pton(w->family, group, a);
	for (int i = 0; i < records(w); i++, r += 4 + size + size * sources_in(r))
		if (!memcmp(r + 4, a, size))
			return r;
	return NULL;
}

static inline int record_type(const struct wire *w, const char *group)
{
	unsigned char *r = record(w, group);

	return r ? r[0] : -1;
}

static inline int record_sources(const struct wire *w, const char *group)
{
	unsigned char *r = record(w, group);

	return r ? sources_in(r) : -1;
}

/* Whether a line of a file of /proc/net shows a word; a group's line stands behind its interface's. */
static inline int shows_in(const char *path, const char *line, const char *word)
{
	char *found = line_with(text_of(path), line, 0);

	return found && strstr(found, word);
}

#endif
