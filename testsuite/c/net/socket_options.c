/*
 * Options that programs ask for (socket(7), tcp(7), ip(7)): values read back, wrong
 * levels, names and lengths have the right errors.
 * Agrees: Linux 6.18.
 */
#include "net.h"

int main(void)
{
	int tcp = NEED(socket(AF_INET, SOCK_STREAM, 0)), udp = NEED(socket(AF_INET, SOCK_DGRAM, 0)), value = 1;
	unsigned char small = 7;
	socklen_t length = sizeof value;

	WANT(get_int(tcp, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	WANT(get_int(udp, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	WANT(get_int(tcp, SOL_SOCKET, SO_DOMAIN), AF_INET);
	WANT(get_int(tcp, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
	WANT(get_int(tcp, SOL_SOCKET, SO_ERROR), 0);
	for (int i = 0; i < 2; i++) {
		static const int flags[] = { SO_REUSEADDR, SO_KEEPALIVE, SO_BROADCAST, SO_OOBINLINE, SO_REUSEPORT };

		for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
			set_int(i ? udp : tcp, SOL_SOCKET, flags[k], 5);
			WANT(get_int(i ? udp : tcp, SOL_SOCKET, flags[k]), 1);
		}
	}
	/* The kernel doubles the room for its own bookkeeping. */
	set_int(tcp, SOL_SOCKET, SO_RCVBUF, 20000);
	WANT(get_int(tcp, SOL_SOCKET, SO_RCVBUF), 40000);
	set_int(tcp, SOL_SOCKET, SO_SNDBUF, 30000);
	WANT(get_int(tcp, SOL_SOCKET, SO_SNDBUF), 60000);
	WANT(get_int(tcp, IPPROTO_TCP, TCP_NODELAY), 0);
	set_int(tcp, IPPROTO_TCP, TCP_NODELAY, 1);
	WANT(get_int(tcp, IPPROTO_TCP, TCP_NODELAY), 1);
	CHECK(get_int(tcp, IPPROTO_TCP, TCP_MAXSEG) > 0);
	set_int(tcp, IPPROTO_TCP, TCP_KEEPIDLE, 33);
	WANT(get_int(tcp, IPPROTO_TCP, TCP_KEEPIDLE), 33);
	WANT(get_int(tcp, IPPROTO_IP, IP_TTL), 64);
	set_int(udp, IPPROTO_IP, IP_TTL, 9);
	WANT(get_int(udp, IPPROTO_IP, IP_TTL), 9);
	set_int(udp, IPPROTO_IP, IP_TOS, 0x10);
	WANT(get_int(udp, IPPROTO_IP, IP_TOS), 0x10);
	WANT(setsockopt(udp, IPPROTO_IP, IP_TTL, &small, 1), 0);
	WANT(get_int(udp, IPPROTO_IP, IP_TTL), 7);

	FAILS(setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &value, 2), EINVAL);
	FAILS(setsockopt(tcp, SOL_SOCKET, 9999, &value, sizeof value), ENOPROTOOPT);
	FAILS(getsockopt(tcp, IPPROTO_TCP, 9999, &value, &length), ENOPROTOOPT);
	FAILS(getsockopt(tcp, SOL_SOCKET, SO_TYPE, NULL, &length), EFAULT);
	length = -1;
	FAILS(getsockopt(tcp, SOL_SOCKET, SO_TYPE, &value, &length), EINVAL);
	length = 1;
	WANT(getsockopt(tcp, SOL_SOCKET, SO_TYPE, &value, &length), 0);
	WANT(length, 1);
	FAILS(setsockopt(tcp, SOL_SOCKET, SO_TYPE, &value, sizeof value), ENOPROTOOPT);
	FAILS(setsockopt(tcp, IPPROTO_IP, IP_TTL, &(int){ 300 }, sizeof(int)), EINVAL);
	FAILS(getsockopt(NEED(open("/dev/null", O_RDONLY)), SOL_SOCKET, SO_TYPE, &value, &length), ENOTSOCK);
	FAILS(getsockopt(0x7fff, SOL_SOCKET, SO_TYPE, &value, &length), EBADF);
	return done();
}
