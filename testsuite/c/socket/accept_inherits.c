/*
 * An accepted socket has the options that its listener had: keep-alive, no delay, linger,
 * buffer sizes. socket(7), tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address;
	struct linger linger = { 1, 7 }, got = { 0, 0 };
	socklen_t length = sizeof got;
	int listener = tcp_listen(family, &address), client, server;

	set_int(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(listener, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(listener, IPPROTO_TCP, TCP_KEEPIDLE, 77);
	set_int(listener, SOL_SOCKET, SO_RCVBUF, 20000);
	NEED(setsockopt(listener, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
	client = NEED(socket(family, SOCK_STREAM, 0));
	NEED(connect(client, &address.any, address.length));
	server = NEED(accept(listener, NULL, NULL));
	WANT(get_int(server, SOL_SOCKET, SO_KEEPALIVE), 1);
	WANT(get_int(server, IPPROTO_TCP, TCP_NODELAY), 1);
	WANT(get_int(server, IPPROTO_TCP, TCP_KEEPIDLE), 77);
	WANT(get_int(server, SOL_SOCKET, SO_RCVBUF), 40000);
	WANT(getsockopt(server, SOL_SOCKET, SO_LINGER, &got, &length), 0);
	WANT(got.l_onoff, 1);
	WANT(got.l_linger, 7);
	WANT(get_int(client, SOL_SOCKET, SO_KEEPALIVE), 0);
	close(listener);
	close(client);
	close(server);
}

int main(void)
{
	for_both(test);
	return done();
}
