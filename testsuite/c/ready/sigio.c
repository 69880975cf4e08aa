/*
 * O_ASYNC sends SIGIO to the owner when data arrive; F_SETSIG chooses another signal,
 * which tells the descriptor and what it is ready for. fcntl(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "handler.h"

int main(void)
{
	struct pair pair = udp_pair(AF_INET);

	handle(SIGIO, 0);
	handle(SIGRTMIN, 0);
	WANT(fcntl(pair.server, F_SETOWN, getpid()), 0);
	WANT(fcntl(pair.server, F_GETOWN), getpid());
	NEED(send(pair.client, "x", 1, 0));
	WANT(handled, 0);
	WANT(fcntl(pair.server, F_SETFL, O_ASYNC), 0);
	NEED(send(pair.client, "x", 1, 0));
	for (int i = 0; i < 100 && !handled; i++)
		sleep_ms(10);
	WANT(handled, 1);
	WANT(fcntl(pair.server, F_SETSIG, SIGRTMIN), 0);
	WANT(fcntl(pair.server, F_GETSIG), SIGRTMIN);
	NEED(send(pair.client, "x", 1, 0));
	for (int i = 0; i < 100 && handled < 2; i++)
		sleep_ms(10);
	WANT(handled_info.si_signo, SIGRTMIN);
	WANT(handled_info.si_fd, pair.server);
	CHECK(handled_info.si_band & POLLIN);
	WANT(fcntl(pair.server, F_SETFL, 0), 0);
	NEED(send(pair.client, "x", 1, 0));
	sleep_ms(20);
	WANT(handled, 2);
	return done();
}
