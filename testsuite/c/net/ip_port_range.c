/*
 * IP_LOCAL_PORT_RANGE: the ports that bind and connect choose from, within
 * ip_local_port_range. ip(7).
 * Agrees: Linux 7.2.
 */
#include "net.h"

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif

static int chosen(int family, int type, unsigned low, unsigned high)
{
	struct address a = loopback(family, 0);
	int fd = NEED(socket(family, type, 0)), port;

	set_int(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, high << 16 | low);
	WANT(get_int(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE), (int)(high << 16 | low));
	NEED(bind(fd, &a.any, a.length));
	a = name_of(fd);
	port = port_of(&a);
	close(fd);
	return port;
}

static void test(int family)
{
	int fd = NEED(socket(family, SOCK_DGRAM, 0)), wrong = 40000 << 16 | 40001;

	WANT(chosen(family, SOCK_DGRAM, 40000, 40000), 40000);
	WANT(chosen(family, SOCK_STREAM, 41000, 41000), 41000);
	for (int i = 0; i < 4; i++) {
		int port = chosen(family, i & 1 ? SOCK_STREAM : SOCK_DGRAM, 42000, 42003);

		CHECK(port >= 42000 && port <= 42003);
	}
	FAILS(setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &wrong, sizeof wrong), EINVAL);
	close(fd);
}

int main(void)
{
	for_both(test);
	return done();
}
