/*
 * UDP_NO_CHECK6_TX and UDP_NO_CHECK6_RX: datagrams over IPv6 without a checksum,
 * which arrive only where they are asked for. RFC 6935, udp(7).
 * Agrees: Linux 7.2.
 */
#include "net.h"

#ifndef UDP_NO_CHECK6_TX
#define UDP_NO_CHECK6_TX 101
#define UDP_NO_CHECK6_RX 102
#endif

int main(void)
{
	struct pair pair = udp_pair(AF_INET6);
	char b[8];

	WANT(get_int(pair.client, IPPROTO_UDP, UDP_NO_CHECK6_TX), 0);
	set_int(pair.client, IPPROTO_UDP, UDP_NO_CHECK6_TX, 1);
	WANT(send(pair.client, "a", 1, 0), 1);
	WANT(ready(pair.server, POLLIN, 100), 0);
	set_int(pair.server, IPPROTO_UDP, UDP_NO_CHECK6_RX, 1);
	WANT(send(pair.client, "b", 1, 0), 1);
	WANT(ready(pair.server, POLLIN, 1000), POLLIN);
	WANT(recv(pair.server, b, sizeof b, 0), 1);
	WANT(b[0], 'b');
	set_int(pair.server, IPPROTO_UDP, UDP_NO_CHECK6_RX, 0);
	set_int(pair.client, IPPROTO_UDP, UDP_NO_CHECK6_TX, 0);
	WANT(send(pair.client, "c", 1, 0), 1);
	WANT(recv(pair.server, b, sizeof b, 0), 1);
	WANT(b[0], 'c');
	return done();
}
