/*
 * The time to live or hop limit of a datagram: set for the socket, set for one message,
 * told to the receiver. ip(7), RFC 3542 section 6.3.
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	struct pair four = udp_pair(AF_INET), six = udp_pair(AF_INET6);

	set_int(four.server, IPPROTO_IP, IP_RECVTTL, 1);
	set_int(six.server, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	NEED(send(four.client, "x", 1, 0));
	NEED(send(six.client, "x", 1, 0));
	WANT(receive(four.server, &m, 0), 1);
	WANT(ancillary_int(&m, IPPROTO_IP, IP_TTL), 64);
	WANT(receive(six.server, &m, 0), 1);
	WANT(ancillary_int(&m, IPPROTO_IPV6, IPV6_HOPLIMIT), 64);
	set_int(four.client, IPPROTO_IP, IP_TTL, 9);
	set_int(six.client, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 8);
	NEED(send(four.client, "x", 1, 0));
	NEED(send(six.client, "x", 1, 0));
	WANT(receive(four.server, &m, 0), 1);
	WANT(ancillary_int(&m, IPPROTO_IP, IP_TTL), 9);
	WANT(receive(six.server, &m, 0), 1);
	WANT(ancillary_int(&m, IPPROTO_IPV6, IPV6_HOPLIMIT), 8);
	WANT(send_with(four.client, "x", NULL, IPPROTO_IP, IP_TTL, &(int){ 77 }, sizeof(int)), 1);
	WANT(send_with(six.client, "x", NULL, IPPROTO_IPV6, IPV6_HOPLIMIT, &(int){ 78 }, sizeof(int)), 1);
	WANT(receive(four.server, &m, 0), 1);
	WANT(ancillary_int(&m, IPPROTO_IP, IP_TTL), 77);
	WANT(receive(six.server, &m, 0), 1);
	WANT(ancillary_int(&m, IPPROTO_IPV6, IPV6_HOPLIMIT), 78);
	FAILS(send_with(four.client, "x", NULL, IPPROTO_IP, IP_TTL, &(int){ 0 }, sizeof(int)), EINVAL);
	FAILS(send_with(four.client, "x", NULL, IPPROTO_IP, IP_TTL, &(int){ 256 }, sizeof(int)), EINVAL);
	FAILS(send_with(six.client, "x", NULL, IPPROTO_IPV6, IPV6_HOPLIMIT, &(int){ 256 }, sizeof(int)), EINVAL);
	return done();
}
