/*
 * MSG_MORE holds a short TCP segment back until data without it come.
 * send(2), tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	char buffer[8];

	set_int(pair.client, IPPROTO_TCP, TCP_NODELAY, 1);
	NEED(send(pair.client, "x", 1, 0));
	WANT(recv(pair.server, buffer, 8, 0), 1);
	WANT(send(pair.client, "ab", 2, MSG_MORE), 2);
	sleep_ms(30);
	FAILS(recv(pair.server, buffer, 8, MSG_DONTWAIT), EAGAIN);
	WANT(send(pair.client, "cd", 2, 0), 2);
	WANT(recv(pair.server, buffer, 4, MSG_WAITALL), 4);
	WANT(memcmp(buffer, "abcd", 4), 0);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
