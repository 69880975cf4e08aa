/*
 * ping_group_range says which groups may have ICMP datagram sockets: EACCES for others.
 * icmp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "text.h"

static void outsider(void)
{
	if (setgid(4321) == -1 || setuid(4321) == -1)
		_exit(1);
	if (socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP) != -1 || errno != EACCES)
		_exit(2);
}

static void insider(void)
{
	if (setgid(4400) == -1 || setuid(4400) == -1)
		_exit(1);
	if (socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP) == -1)
		_exit(2);
}

int main(void)
{
	static char old[64];

	if (geteuid() != 0)
		return skip("not root");
	strcpy(old, text_of("/proc/sys/net/ipv4/ping_group_range"));
	WANT(write_text("/proc/sys/net/ipv4/ping_group_range", "4400 4500"), 0);
	WANT(strcmp(text_of("/proc/sys/net/ipv4/ping_group_range"), "4400\t4500\n"), 0);
	WANT(in_child(outsider), 0);
	WANT(in_child(insider), 0);
	write_text("/proc/sys/net/ipv4/ping_group_range", old);
	return done();
}
