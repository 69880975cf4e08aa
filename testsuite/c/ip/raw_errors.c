/*
 * Raw sockets: EPERM without privilege, EPROTONOSUPPORT for protocol 0, ENOPROTOOPT for
 * transport options, port numbers mean nothing. raw(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void unprivileged(void)
{
	if (setuid(1000) == -1)
		_exit(1);
	if (socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) != -1 || errno != EPERM)
		_exit(2);
	if (socket(AF_INET6, SOCK_RAW, IPPROTO_UDP) != -1 || errno != EPERM)
		_exit(3);
	if (socket(AF_PACKET, SOCK_RAW, 0) != -1 || errno != EPERM)
		_exit(4);
}

int main(void)
{
	struct address address = loopback(AF_INET, 77);
	int raw;

	if (geteuid() != 0)
		return skip("not root");
	WANT(in_child(unprivileged), 0);
	FAILS(socket(AF_INET, SOCK_RAW, 0), EPROTONOSUPPORT);
	raw = NEED(socket(AF_INET, SOCK_RAW, 200));
	WANT(bind(raw, &address.any, address.length), 0);
	address = name_of(raw);
	WANT(port_of(&address), 200);
	FAILS(listen(raw, 1), EOPNOTSUPP);
	FAILS(accept(raw, NULL, NULL), EOPNOTSUPP);
	FAILS(setsockopt(raw, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)), ENOPROTOOPT);
	return done();
}
