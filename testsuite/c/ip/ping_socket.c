/*
 * An ICMP datagram socket: the kernel sets the identifier and the checksum, answers come
 * without an IP header, other types cannot be sent. icmp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"
#include "text.h"

int main(void)
{
	static struct message m;
	struct address to = loopback(AF_INET, 0);
	unsigned char echo[12] = { 8, 0, 0, 0, 0xde, 0xad, 0, 9, 'p', 'i', 'n', 'g' }, redirect[8] = { 5 };
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);

	if (fd == -1 && errno == EACCES && write_text("/proc/sys/net/ipv4/ping_group_range", "0 2147483647") == 0)
		fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	if (fd == -1)
		return skip("net.ipv4.ping_group_range does not allow it");
	WANT(sendto(fd, echo, sizeof echo, 0, &to.any, to.length), sizeof echo);
	WANT(ready(fd, POLLIN, 3000), POLLIN);
	WANT(receive(fd, &m, 0), sizeof echo);
	WANT(m.data[0], 0);
	WANT(memcmp(m.data + 6, echo + 6, 6), 0);
	to = name_of(fd);
	WANT((unsigned char)m.data[4] << 8 | (unsigned char)m.data[5], port_of(&to));
	to = loopback(AF_INET, 0);
	FAILS(sendto(fd, redirect, sizeof redirect, 0, &to.any, to.length), EINVAL);
	FAILS(sendto(fd, echo, 7, 0, &to.any, to.length), EINVAL);
	return done();
}
