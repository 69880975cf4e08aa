/*
 * TCP_CORK holds short segments back until it is taken away. tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	char buffer[8];

	set_int(pair.client, IPPROTO_TCP, TCP_CORK, 1);
	WANT(get_int(pair.client, IPPROTO_TCP, TCP_CORK), 1);
	NEED(send(pair.client, "ab", 2, 0));
	NEED(send(pair.client, "cd", 2, 0));
	sleep_ms(40);
	FAILS(recv(pair.server, buffer, 8, MSG_DONTWAIT), EAGAIN);
	set_int(pair.client, IPPROTO_TCP, TCP_CORK, 0);
	WANT(recv(pair.server, buffer, 4, MSG_WAITALL), 4);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
