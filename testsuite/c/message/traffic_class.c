/*
 * The type of service or traffic class of a datagram, set and told. ip(7), RFC 3542
 * section 6.5.
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	struct pair four = udp_pair(AF_INET), six = udp_pair(AF_INET6);
	unsigned char *tos;

	set_int(four.server, IPPROTO_IP, IP_RECVTOS, 1);
	set_int(six.server, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	set_int(four.client, IPPROTO_IP, IP_TOS, 0x28);
	set_int(six.client, IPPROTO_IPV6, IPV6_TCLASS, 0x38);
	NEED(send(four.client, "x", 1, 0));
	NEED(send(six.client, "x", 1, 0));
	WANT(receive(four.server, &m, 0), 1);
	tos = ancillary(&m, IPPROTO_IP, IP_TOS);
	CHECK(tos && *tos == 0x28);
	WANT(receive(six.server, &m, 0), 1);
	WANT(ancillary_int(&m, IPPROTO_IPV6, IPV6_TCLASS), 0x38);
	WANT(send_with(four.client, "x", NULL, IPPROTO_IP, IP_TOS, &(int){ 0x10 }, sizeof(int)), 1);
	WANT(send_with(six.client, "x", NULL, IPPROTO_IPV6, IPV6_TCLASS, &(int){ 0x20 }, sizeof(int)), 1);
	WANT(receive(four.server, &m, 0), 1);
	tos = ancillary(&m, IPPROTO_IP, IP_TOS);
	CHECK(tos && *tos == 0x10);
	WANT(receive(six.server, &m, 0), 1);
	WANT(ancillary_int(&m, IPPROTO_IPV6, IPV6_TCLASS), 0x20);
	FAILS(send_with(six.client, "x", NULL, IPPROTO_IPV6, IPV6_TCLASS, &(int){ 256 }, sizeof(int)), EINVAL);
	return done();
}
