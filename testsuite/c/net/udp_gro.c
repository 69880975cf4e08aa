/*
 * UDP_GRO: the datagrams of one UDP_SEGMENT send arrive in one piece, whose
 * ancillary data says how long each was. udp(7).
 * Agrees: Linux 7.2.
 */
#include "message.h"

#include <netinet/udp.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

static void test(int family)
{
	struct pair pair = udp_pair(family);
	unsigned short segment = 1000;
	static char data[3500];
	struct message *m;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = i / 7;
	set_int(pair.server, IPPROTO_UDP, UDP_GRO, 1);
	WANT(get_int(pair.server, IPPROTO_UDP, UDP_GRO), 1);
	WANT(send_data_with(pair.client, data, sizeof data, 0, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment), sizeof data);
	m = receive_soon(pair.server, 0);
	WANT(m->length, sizeof data);
	CHECK(!memcmp(m->data, data, sizeof data));
	WANT(ancillary_or(m, IPPROTO_UDP, UDP_GRO, -1), 1000);

	/* One datagram is not several, and two sends are not one. */
	NEED(send(pair.client, data, 1000, 0));
	NEED(send(pair.client, data, 1000, 0));
	m = receive_soon(pair.server, 0);
	WANT(m->length, 1000);
	WANT(ancillary_or(m, IPPROTO_UDP, UDP_GRO, -1), -1);
	WANT(receive_soon(pair.server, 0)->length, 1000);

	set_int(pair.server, IPPROTO_UDP, UDP_GRO, 0);
	NEED(send_data_with(pair.client, data, 2500, 0, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment));
	m = receive_soon(pair.server, 0);
	WANT(m->length, 1000);
	WANT(ancillary_or(m, IPPROTO_UDP, UDP_GRO, -1), -1);
	WANT(receive_soon(pair.server, 0)->length, 1000);
	WANT(receive_soon(pair.server, 0)->length, 500);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
