/*
 * IP_RECVERR keeps what ICMP said about a datagram: MSG_ERRQUEUE gives the datagram, its
 * destination, and who complained. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

#include <linux/errqueue.h>

int main(void)
{
	static struct message m;
	struct address gone = nobody(AF_INET, SOCK_DGRAM);
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	struct sock_extended_err *why;
	struct sockaddr_in *who;

	set_int(fd, IPPROTO_IP, IP_RECVERR, 1);
	FAILS(receive(fd, &m, MSG_ERRQUEUE), EAGAIN);
	NEED(sendto(fd, "hello", 5, 0, &gone.any, gone.length));
	CHECK(ready(fd, POLLIN, 5000) & POLLERR);
	WANT(receive(fd, &m, MSG_ERRQUEUE), 5);
	CHECK(m.flags & MSG_ERRQUEUE);
	WANT(memcmp(m.data, "hello", 5), 0);
	CHECK(same_address(&m.from, &gone));
	why = ancillary(&m, IPPROTO_IP, IP_RECVERR);
	CHECK(why != NULL);
	if (why) {
		who = (struct sockaddr_in *)SO_EE_OFFENDER(why);
		WANT(why->ee_errno, ECONNREFUSED);
		WANT(why->ee_origin, SO_EE_ORIGIN_ICMP);
		WANT(why->ee_type, 3);
		WANT(why->ee_code, 3);
		WANT(who->sin_family, AF_INET);
		WANT(ntohl(who->sin_addr.s_addr), INADDR_LOOPBACK);
	}
	FAILS(receive(fd, &m, MSG_ERRQUEUE), EAGAIN);
	return done();
}
