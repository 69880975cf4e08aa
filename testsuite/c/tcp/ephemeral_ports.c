/*
 * Ports that the kernel picks lie in ip_local_port_range, for bind and for connect, and
 * when the range is used up: EADDRINUSE, EADDRNOTAVAIL. ip(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "text.h"

int main(void)
{
	struct address address;
	static char old[64];
	int fds[8], listener = tcp_listen(AF_INET, &address), fd, wide = NEED(socket(AF_INET, SOCK_STREAM, 0));
	struct address any = loopback(AF_INET, 0);

	if (geteuid() != 0)
		return skip("not root");
	strcpy(old, text_of("/proc/sys/net/ipv4/ip_local_port_range"));
	WANT(write_text("/proc/sys/net/ipv4/ip_local_port_range", "47001 47004"), 0);
	for (int i = 0; i < 4; i++) {
		struct address got;

		fds[i] = NEED(socket(AF_INET, SOCK_STREAM, 0));
		WANT(bind(fds[i], &any.any, any.length), 0);
		got = name_of(fds[i]);
		CHECK(port_of(&got) >= 47001 && port_of(&got) <= 47004);
	}
	fd = NEED(socket(AF_INET, SOCK_STREAM, 0));
	FAILS(bind(fd, &any.any, any.length), EADDRINUSE);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	NEED(connect(wide, &address.any, address.length));
	address = name_of(wide);
	CHECK(port_of(&address) >= 47001 && port_of(&address) <= 47004);
	write_text("/proc/sys/net/ipv4/ip_local_port_range", old);
	close(listener);
	return done();
}
