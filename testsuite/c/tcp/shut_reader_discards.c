/*
 * After shutdown(SHUT_RD) reading answers 0, what comes later can still be read, and the
 * peer notices nothing. shutdown(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	char buffer[8];

	NEED(shutdown(pair.server, SHUT_RD));
	WANT(recv(pair.server, buffer, 8, 0), 0);
	WANT(send(pair.client, "x", 1, MSG_NOSIGNAL), 1);
	sleep_ms(30);
	WANT(recv(pair.server, buffer, 8, 0), 1);
	WANT(recv(pair.server, buffer, 8, 0), 0);
	WANT(send(pair.server, "back", 4, 0), 4);
	WANT(recv(pair.client, buffer, 8, 0), 4);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
