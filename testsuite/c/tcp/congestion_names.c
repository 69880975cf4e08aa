/*
 * TCP_CONGESTION: the name in force, one of tcp_available_congestion_control; ENOENT for
 * one that is none. tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "text.h"

int main(void)
{
	int fd = NEED(socket(AF_INET, SOCK_STREAM, 0));
	char name[16] = "", *all;
	socklen_t length = sizeof name;

	WANT(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length), 0);
	WANT(length, sizeof name);
	all = text_of("/proc/sys/net/ipv4/tcp_available_congestion_control");
	CHECK(name[0] && strstr(all, name));
	WANT(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
	length = sizeof name;
	WANT(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length), 0);
	WANT(strcmp(name, "reno"), 0);
	FAILS(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "no-such", 7), ENOENT);
	FAILS(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "", 0), EINVAL);
	return done();
}
