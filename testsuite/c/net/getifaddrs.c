/*
 * getifaddrs(3), if_nameindex(3), if_nametoindex(3): how C libraries see interfaces,
 * over netlink and ioctls.
 * Agrees: Linux 6.18.
 */
#include "net.h"

#include <ifaddrs.h>
#include <net/if.h>

int main(void)
{
	struct ifaddrs *all, *i;
	struct if_nameindex *names, *n;
	int packet = 0, v4 = 0, v6 = 0, lo = 0;
	char name[IF_NAMESIZE];

	NEED(getifaddrs(&all));
	for (i = all; i; i = i->ifa_next) {
		if (strcmp(i->ifa_name, "lo") || !i->ifa_addr)
			continue;
		CHECK(i->ifa_flags & IFF_LOOPBACK);
		if (i->ifa_addr->sa_family == AF_PACKET)
			packet++;
		if (i->ifa_addr->sa_family == AF_INET) {
			struct sockaddr_in *a = (void *)i->ifa_addr, *mask = (void *)i->ifa_netmask;

			v4++;
			WANT(ntohl(a->sin_addr.s_addr), INADDR_LOOPBACK);
			WANT(ntohl(mask->sin_addr.s_addr), 0xff000000);
		}
		if (i->ifa_addr->sa_family == AF_INET6)
			v6 += IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)(void *)i->ifa_addr)->sin6_addr);
	}
	freeifaddrs(all);
	WANT(packet, 1);
	WANT(v4, 1);
	WANT(v6, 1);

	names = if_nameindex();
	CHECK(names != NULL);
	for (n = names; n && n->if_index; n++)
		lo += n->if_index == 1 && !strcmp(n->if_name, "lo");
	WANT(lo, 1);
	if_freenameindex(names);
	WANT(if_nametoindex("lo"), 1);
	WANT(if_nametoindex("nosuch"), 0);
	CHECK(if_indextoname(1, name) && !strcmp(name, "lo"));
	CHECK(if_indextoname(60000, name) == NULL);
	return done();
}
