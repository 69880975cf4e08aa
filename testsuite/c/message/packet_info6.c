/*
 * IPV6_RECVPKTINFO and IPV6_PKTINFO: the interface and address of arrival, as an
 * ancillary message. RFC 3542 section 6.
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	struct address to, any = loopback(AF_INET6, 0);
	int server = NEED(socket(AF_INET6, SOCK_DGRAM, 0)), client = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	struct in6_pktinfo *info;

	any.v6.sin6_addr = in6addr_any;
	NEED(bind(server, &any.any, any.length));
	set_int(server, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	WANT(get_int(server, IPPROTO_IPV6, IPV6_RECVPKTINFO), 1);
	to = loopback(AF_INET6, port_of(&(struct address){ .storage = name_of(server).storage }));
	NEED(sendto(client, "x", 1, 0, &to.any, to.length));
	WANT(receive(server, &m, 0), 1);
	info = ancillary(&m, IPPROTO_IPV6, IPV6_PKTINFO);
	CHECK(info != NULL);
	if (info) {
		WANT(info->ipi6_ifindex, 1);
		CHECK(IN6_IS_ADDR_LOOPBACK(&info->ipi6_addr));
	}
	return done();
}
