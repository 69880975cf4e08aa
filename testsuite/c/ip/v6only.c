/*
 * IPV6_V6ONLY: off at first (bindv6only), cannot change once bound; a V6ONLY listener is
 * not reached over IPv4. ipv6(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address any = loopback(AF_INET6, 0), v4;
	int fd = NEED(socket(AF_INET6, SOCK_STREAM, 0)), dual = NEED(socket(AF_INET6, SOCK_STREAM, 0));

	any.v6.sin6_addr = in6addr_any;
	WANT(get_int(fd, IPPROTO_IPV6, IPV6_V6ONLY), 0);
	set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	NEED(bind(fd, &any.any, any.length));
	FAILS(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 0 }, sizeof(int)), EINVAL);
	NEED(listen(fd, 1));
	any = name_of(fd);
	v4 = loopback(AF_INET, port_of(&any));
	FAILS(connect(NEED(socket(AF_INET, SOCK_STREAM, 0)), &v4.any, v4.length), ECONNREFUSED);
	any.v6.sin6_port = 0;
	NEED(bind(dual, &any.any, any.length));
	NEED(listen(dual, 1));
	any = name_of(dual);
	v4 = loopback(AF_INET, port_of(&any));
	WANT(connect(NEED(socket(AF_INET, SOCK_STREAM, 0)), &v4.any, v4.length), 0);
	return done();
}
