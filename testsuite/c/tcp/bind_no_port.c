/*
 * IP_BIND_ADDRESS_NO_PORT: bind(2) to port 0 leaves the choice of the port to connect(2).
 * ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address address, any = loopback(AF_INET, 0);
	int listener = tcp_listen(AF_INET, &address), fd = NEED(socket(AF_INET, SOCK_STREAM, 0));

	set_int(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, 1);
	WANT(get_int(fd, IPPROTO_IP, 24), 1);
	any.v4.sin_addr.s_addr = htonl(0x7f000003);
	WANT(bind(fd, &any.any, any.length), 0);
	any = name_of(fd);
	WANT(port_of(&any), 0);
	WANT(connect(fd, &address.any, address.length), 0);
	any = name_of(fd);
	CHECK(port_of(&any) != 0);
	WANT(ntohl(any.v4.sin_addr.s_addr), 0x7f000003);
	close(listener);
	return done();
}
