/*
 * socket(AF_PACKET), bind(2), getsockname(2) and the calls the family does not have. packet(7).
 * Agrees: Linux 6.18.
 */
#include "net.h"
#include <net/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

int main(void)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET }, got;
	struct sockaddr *name = (struct sockaddr *)&addr;
	int fd, pair[2], type;
	socklen_t len;

	FAILS(socket(AF_PACKET, SOCK_STREAM, 0), ESOCKTNOSUPPORT);
	FAILS(socket(AF_PACKET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
	FAILS(socketpair(AF_PACKET, SOCK_RAW, 0, pair), EOPNOTSUPP);
	fd = NEED(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
	len = sizeof type;
	NEED(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &type, &len));
	WANT(type, 0);

	len = sizeof got;
	WANT(getsockname(fd, (struct sockaddr *)&got, &len), 0);
	WANT(len, 12);
	WANT(got.sll_family, AF_PACKET);
	WANT(got.sll_ifindex, 0);
	WANT(got.sll_protocol, htons(ETH_P_ALL));
	WANT(got.sll_halen, 0);

	addr.sll_ifindex = if_nametoindex("lo");
	FAILS(bind(fd, name, sizeof addr - 1), EINVAL);
	addr.sll_family = AF_INET;
	FAILS(bind(fd, name, sizeof addr), EINVAL);
	addr.sll_family = AF_PACKET;
	addr.sll_ifindex = 9999;
	FAILS(bind(fd, name, sizeof addr), ENODEV);
	addr.sll_ifindex = if_nametoindex("lo");
	WANT(bind(fd, name, sizeof addr), 0);
	len = sizeof got;
	WANT(getsockname(fd, (struct sockaddr *)&got, &len), 0);
	WANT(len, 18);
	WANT(got.sll_ifindex, (int)if_nametoindex("lo"));
	WANT(got.sll_hatype, ARPHRD_LOOPBACK);
	WANT(got.sll_halen, 6);
	/* No protocol leaves the old one. */
	WANT(got.sll_protocol, htons(ETH_P_ALL));
	addr.sll_protocol = htons(ETH_P_ARP);
	WANT(bind(fd, name, sizeof addr), 0);
	NEED(getsockname(fd, (struct sockaddr *)&got, &len));
	WANT(got.sll_protocol, htons(ETH_P_ARP));

	FAILS(getpeername(fd, (struct sockaddr *)&got, &len), EOPNOTSUPP);
	FAILS(connect(fd, name, sizeof addr), EOPNOTSUPP);
	FAILS(listen(fd, 1), EOPNOTSUPP);
	FAILS(accept(fd, NULL, NULL), EOPNOTSUPP);
	FAILS(shutdown(fd, SHUT_RD), EOPNOTSUPP);
	FAILS(recv(fd, &got, 1, MSG_DONTWAIT | MSG_OOB), EINVAL);
	FAILS(recv(fd, &got, 1, MSG_DONTWAIT | MSG_WAITALL), EINVAL);
	FAILS(recv(fd, &got, 1, MSG_DONTWAIT), EAGAIN);
	return done();
}
