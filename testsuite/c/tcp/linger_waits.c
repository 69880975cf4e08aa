/*
 * SO_LINGER with a time: close(2) waits until the peer has everything, or that long.
 * socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	static char block[1 << 22];
	struct pair pair = tcp_pair(AF_INET);
	struct linger linger = { 1, 1 };
	long long begin;

	set_nonblocking(pair.client);
	while (write(pair.client, block, sizeof block) > 0)
		sleep_ms(2);
	fcntl(pair.client, F_SETFL, 0);
	NEED(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
	begin = now_ms();
	WANT(close(pair.client), 0);
	CHECK(now_ms() - begin >= 900);
	pair = tcp_pair(AF_INET);
	NEED(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
	NEED(send(pair.client, "x", 1, 0));
	begin = now_ms();
	WANT(close(pair.client), 0);
	CHECK(now_ms() - begin < 900);
	return done();
}
