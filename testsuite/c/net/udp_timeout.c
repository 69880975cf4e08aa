/*
 * Blocking, SO_RCVTIMEO and MSG_DONTWAIT on UDP: EAGAIN after the time, or at once; a
 * datagram that arrives meanwhile ends the wait.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = udp_pair(family);
	long long start = now_ms();
	char byte;
	pid_t child;

	FAILS(recv(pair.client, &byte, 1, MSG_DONTWAIT), EAGAIN);
	set_timeout(pair.client, SO_RCVTIMEO, 150);
	FAILS(recv(pair.client, &byte, 1, 0), EAGAIN);
	CHECK(now_ms() - start >= 145);
	set_timeout(pair.client, SO_RCVTIMEO, 10000);
	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		sleep_ms(100);
		_exit(send(pair.server, "x", 1, 0) != 1);
	}
	WANT(recv(pair.client, &byte, 1, 0), 1);
	CHECK(now_ms() - start < 9000);
	CHECK(left_well(child));
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
