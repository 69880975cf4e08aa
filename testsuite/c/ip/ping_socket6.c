/*
 * An ICMPv6 datagram socket sends echo requests and hears the answers to its own. RFC 4443
 * section 4.
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"
#include "text.h"

int main(void)
{
	static struct message m;
	struct address to = loopback(AF_INET6, 0);
	unsigned char echo[12] = { 128, 0, 0, 0, 0xde, 0xad, 0, 9, 'p', 'i', 'n', 'g' };
	int fd = socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);

	if (fd == -1 && errno == EACCES && write_text("/proc/sys/net/ipv4/ping_group_range", "0 2147483647") == 0)
		fd = socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
	if (fd == -1)
		return skip("net.ipv4.ping_group_range does not allow it");
	WANT(sendto(fd, echo, sizeof echo, 0, &to.any, to.length), sizeof echo);
	WANT(ready(fd, POLLIN, 3000), POLLIN);
	WANT(receive(fd, &m, 0), sizeof echo);
	WANT((unsigned char)m.data[0], 129);
	WANT(memcmp(m.data + 6, echo + 6, 6), 0);
	CHECK(IN6_IS_ADDR_LOOPBACK(&m.from.v6.sin6_addr));
	return done();
}
