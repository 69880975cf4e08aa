/*
 * Link-local addresses need their interface: sin6_scope_id or SO_BINDTODEVICE, EINVAL
 * without. ipv6(7), RFC 4007.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <net/if.h>
#include <ifaddrs.h>

int main(void)
{
	struct address address = no_address();
	struct ifaddrs *all, *each;
	int fd = NEED(socket(AF_INET6, SOCK_DGRAM, 0)), other = NEED(socket(AF_INET6, SOCK_DGRAM, 0)), found = 0;
	char byte;

	NEED(getifaddrs(&all));
	for (each = all; each && !found; each = each->ifa_next)
		if (each->ifa_addr && each->ifa_addr->sa_family == AF_INET6) {
			memcpy(&address.v6, each->ifa_addr, sizeof address.v6);
			found = IN6_IS_ADDR_LINKLOCAL(&address.v6.sin6_addr);
		}
	if (!found)
		return skip("no link-local address");
	address.length = sizeof address.v6;
	unsigned scope = address.v6.sin6_scope_id;
	CHECK(scope > 0);
	address.v6.sin6_scope_id = 0;
	FAILS(bind(fd, &address.any, address.length), EINVAL);
	FAILS(connect(other, &address.any, address.length), EINVAL);
	address.v6.sin6_scope_id = scope;
	/* It may still be tentative: RFC 4862 section 5.4. */
	for (int i = 0; i < 50 && bind(fd, &address.any, address.length) == -1 && errno == EADDRNOTAVAIL; i++)
		sleep_ms(100);
	address = name_of(fd);
	WANT(address.v6.sin6_scope_id, scope);
	WANT(connect(other, &address.any, address.length), 0);
	WANT(send(other, "x", 1, 0), 1);
	WANT(ready(fd, POLLIN, 2000), POLLIN);
	WANT(recv(fd, &byte, 1, 0), 1);
	return done();
}
