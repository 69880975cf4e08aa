/*
 * A dual-stack datagram socket sees IPv4 senders as mapped addresses and answers them.
 * RFC 3493 section 3.7.
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	struct address any = loopback(AF_INET6, 0), to;
	int six = NEED(socket(AF_INET6, SOCK_DGRAM, 0)), four = NEED(socket(AF_INET, SOCK_DGRAM, 0));

	any.v6.sin6_addr = in6addr_any;
	NEED(bind(six, &any.any, any.length));
	any = name_of(six);
	to = loopback(AF_INET, port_of(&any));
	NEED(sendto(four, "ping", 4, 0, &to.any, to.length));
	WANT(receive(six, &m, 0), 4);
	WANT(m.from.any.sa_family, AF_INET6);
	CHECK(IN6_IS_ADDR_V4MAPPED(&m.from.v6.sin6_addr));
	WANT(sendto(six, "pong", 4, 0, &m.from.any, m.from.length), 4);
	WANT(receive(four, &m, 0), 4);
	CHECK(same_address(&m.from, &to));
	return done();
}
