/*
 * recv(2) waits: a signal gives EINTR without SA_RESTART, the wait goes on with it; what
 * has been received before the signal is answered. signal(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "handler.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	char buffer[8];
	pid_t child;

	handle(SIGUSR1, 0);
	child = signal_later(SIGUSR1, 80);
	FAILS(recv(pair.server, buffer, 8, 0), EINTR);
	CHECK(left_well(child));
	NEED(send(pair.client, "abc", 3, 0));
	child = signal_later(SIGUSR1, 80);
	WANT(recv(pair.server, buffer, 8, MSG_WAITALL), 3);
	CHECK(left_well(child));
	handle(SIGUSR1, SA_RESTART);
	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		sleep_ms(80);
		kill(getppid(), SIGUSR1);
		sleep_ms(80);
		_exit(send(pair.client, "d", 1, 0) != 1);
	}
	WANT(recv(pair.server, buffer, 8, 0), 1);
	WANT(handled, 3);
	CHECK(left_well(child));
	return done();
}
