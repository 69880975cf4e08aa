/*
 * IPV6_RECVERR: as IP_RECVERR, with ICMPv6's type and code. ipv6(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

#include <linux/errqueue.h>

int main(void)
{
	static struct message m;
	struct address gone = nobody(AF_INET6, SOCK_DGRAM);
	int fd = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	struct sock_extended_err *why;

	set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	NEED(sendto(fd, "hello", 5, 0, &gone.any, gone.length));
	CHECK(ready(fd, POLLIN, 5000) & POLLERR);
	FAILS(recv(fd, m.data, 8, 0), ECONNREFUSED);
	WANT(receive(fd, &m, MSG_ERRQUEUE), 5);
	CHECK(same_address(&m.from, &gone));
	why = ancillary(&m, IPPROTO_IPV6, IPV6_RECVERR);
	CHECK(why != NULL);
	if (why) {
		WANT(why->ee_errno, ECONNREFUSED);
		WANT(why->ee_origin, SO_EE_ORIGIN_ICMP6);
		WANT(why->ee_type, 1);
		WANT(why->ee_code, 4);
	}
	return done();
}
