/*
 * IPV6_DONTFRAG and IP_PMTUDISC_DO: what does not fit the path's MTU is EMSGSIZE. RFC 3542
 * section 11.2, ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	static char block[3000];
	struct address to = loopback(AF_INET, 9);
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), mtu;

	to.v4.sin_addr.s_addr = inet_addr("10.0.2.2");
	if (connect(fd, &to.any, to.length) == -1)
		return skip("no network card");
	mtu = get_int(fd, IPPROTO_IP, IP_MTU);
	CHECK(mtu >= 576 && mtu < 3000);
	WANT(send(fd, block, 3000, 0), 3000);
	set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	FAILS(send(fd, block, 3000, 0), EMSGSIZE);
	FAILS(send(fd, block, mtu - 27, 0), EMSGSIZE);
	WANT(send(fd, block, mtu - 28, 0), mtu - 28);
	return done();
}
