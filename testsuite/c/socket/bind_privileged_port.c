/*
 * Ports below ip_unprivileged_port_start need CAP_NET_BIND_SERVICE: EACCES. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void unprivileged(void)
{
	struct address address = loopback(AF_INET, 1000);
	int fd = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);

	if (setuid(1000) == -1)
		_exit(1);
	if (bind(fd, &address.any, address.length) != -1 || errno != EACCES)
		_exit(2);
	if (bind(udp, &address.any, address.length) != -1 || errno != EACCES)
		_exit(3);
	address.v4.sin_port = htons(1024);
	if (bind(fd, &address.any, address.length) == -1)
		_exit(4);
}

int main(void)
{
	struct address address = loopback(AF_INET, 1001);
	int fd = NEED(socket(AF_INET, SOCK_STREAM, 0));

	if (geteuid() != 0)
		return skip("not root");
	WANT(in_child(unprivileged), 0);
	WANT(bind(fd, &address.any, address.length), 0);
	return done();
}
