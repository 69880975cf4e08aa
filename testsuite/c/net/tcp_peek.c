/*
 * MSG_PEEK leaves data in the queue, MSG_WAITALL waits for the whole length, MSG_TRUNC
 * on TCP drops it, FIONREAD counts it (tcp(7), recv(2)).
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	char text[8];
	int waiting = -1;
	pid_t child;

	NEED(send(pair.client, "abcdef", 6, 0));
	WANT(recv(pair.server, text, 3, MSG_PEEK), 3);
	CHECK(memcmp(text, "abc", 3) == 0);
	WANT(ioctl(pair.server, FIONREAD, &waiting), 0);
	WANT(waiting, 6);
	WANT(recv(pair.server, text, 3, 0), 3);
	CHECK(memcmp(text, "abc", 3) == 0);
	memset(text, '-', sizeof text);
	WANT(recv(pair.server, text, 2, MSG_TRUNC), 2);
	WANT(text[0], '-');
	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		sleep_ms(100);
		_exit(send(pair.client, "ghi", 3, 0) != 3);
	}
	WANT(recv(pair.server, text, 4, MSG_WAITALL), 4);
	CHECK(memcmp(text, "fghi", 4) == 0);
	CHECK(left_well(child));
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
