/*
 * A datagram that is too long for the path and must not be cut: EMSGSIZE, and with
 * IP_RECVERR a local error that says the MTU. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

#include <linux/errqueue.h>

int main(void)
{
	static struct message m;
	static char block[65000];
	struct address to = loopback(AF_INET, 9);
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	struct sock_extended_err *why;

	inet_pton(AF_INET, "10.0.2.2", &to.v4.sin_addr);
	if (connect(fd, &to.any, to.length) == -1)
		return skip("no network card with 10.0.2.0/24");
	set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	set_int(fd, IPPROTO_IP, IP_RECVERR, 1);
	FAILS(send(fd, block, sizeof block, 0), EMSGSIZE);
	WANT(receive(fd, &m, MSG_ERRQUEUE), 0);
	why = ancillary(&m, IPPROTO_IP, IP_RECVERR);
	CHECK(why != NULL);
	if (why) {
		WANT(why->ee_errno, EMSGSIZE);
		WANT(why->ee_origin, SO_EE_ORIGIN_LOCAL);
		WANT(why->ee_info, get_int(fd, IPPROTO_IP, IP_MTU));
	}
	return done();
}
