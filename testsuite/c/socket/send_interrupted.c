/*
 * send(2) with a full buffer waits; a signal ends it with EINTR, or with the count that
 * had been taken. signal(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "handler.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	static char block[1 << 22];
	ssize_t sent;
	pid_t child;

	handle(SIGUSR1, 0);
	set_int(pair.client, SOL_SOCKET, SO_SNDBUF, 8192);
	child = signal_later(SIGUSR1, 200);
	sent = send(pair.client, block, sizeof block, 0);
	CHECK(sent > 0 && sent < (ssize_t)sizeof block);
	CHECK(left_well(child));
	while (send(pair.client, block, sizeof block, MSG_DONTWAIT) > 0)
		sleep_ms(1);
	child = signal_later(SIGUSR1, 100);
	FAILS(send(pair.client, block, 1, 0), EINTR);
	WANT(handled, 2);
	CHECK(left_well(child));
	return done();
}
