/*
 * MSG_WAITALL waits for the whole buffer; the end of the stream, a timeout or
 * MSG_DONTWAIT end it early. recv(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	char buffer[16];
	pid_t child;

	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		send(pair.client, "abc", 3, 0);
		sleep_ms(80);
		send(pair.client, "defgh", 5, 0);
		_exit(0);
	}
	WANT(recv(pair.server, buffer, 8, MSG_WAITALL), 8);
	WANT(memcmp(buffer, "abcdefgh", 8), 0);
	CHECK(left_well(child));
	NEED(send(pair.client, "ij", 2, 0));
	NEED(ready(pair.server, POLLIN, 5000));
	WANT(recv(pair.server, buffer, 8, MSG_WAITALL | MSG_DONTWAIT), 2);
	NEED(send(pair.client, "kl", 2, 0));
	set_timeout(pair.server, SO_RCVTIMEO, 100);
	WANT(recv(pair.server, buffer, 8, MSG_WAITALL), 2);
	NEED(send(pair.client, "mno", 3, 0));
	NEED(shutdown(pair.client, SHUT_WR));
	WANT(recv(pair.server, buffer, 8, MSG_WAITALL), 3);
	WANT(recv(pair.server, buffer, 8, MSG_WAITALL), 0);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
