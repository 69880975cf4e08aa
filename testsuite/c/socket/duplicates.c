/*
 * A duplicated socket is the same socket: the connection ends when the last descriptor
 * goes, shutdown(2) ends it for all of them.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	int copy = NEED(dup(pair.client));
	pid_t child;
	char byte;

	close(pair.client);
	FAILS(recv(pair.server, &byte, 1, MSG_DONTWAIT), EAGAIN);
	fflush(stdout);
	child = NEED(fork());
	if (child == 0)
		_exit(send(copy, "c", 1, 0) != 1);
	CHECK(left_well(child));
	WANT(recv(pair.server, &byte, 1, 0), 1);
	FAILS(recv(pair.server, &byte, 1, MSG_DONTWAIT), EAGAIN);
	fflush(stdout);
	child = NEED(fork());
	if (child == 0)
		_exit(shutdown(copy, SHUT_WR) != 0);
	CHECK(left_well(child));
	WANT(recv(pair.server, &byte, 1, 0), 0);
	FAILS(send(copy, "x", 1, MSG_NOSIGNAL), EPIPE);
	close(copy);
	close(pair.server);
}

int main(void)
{
	for_both(test);
	return done();
}
