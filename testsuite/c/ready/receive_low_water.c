/*
 * SO_RCVLOWAT: poll(2) says readable, and recv(2) returns, only with that many bytes or
 * at the end of the stream. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	char buffer[16];

	set_int(pair.server, SOL_SOCKET, SO_RCVLOWAT, 4);
	NEED(send(pair.client, "abc", 3, 0));
	WANT(ready(pair.server, POLLIN, 60), 0);
	NEED(send(pair.client, "d", 1, 0));
	WANT(ready(pair.server, POLLIN, 5000), POLLIN);
	WANT(recv(pair.server, buffer, 16, 0), 4);
	NEED(send(pair.client, "e", 1, 0));
	NEED(shutdown(pair.client, SHUT_WR));
	WANT(ready(pair.server, POLLIN, 5000), POLLIN);
	WANT(recv(pair.server, buffer, 16, 0), 1);
	set_int(pair.server, SOL_SOCKET, SO_RCVLOWAT, 0);
	WANT(get_int(pair.server, SOL_SOCKET, SO_RCVLOWAT), 1);
	FAILS(setsockopt(pair.server, SOL_SOCKET, SO_SNDLOWAT, &(int){ 2 }, sizeof(int)), ENOPROTOOPT);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
