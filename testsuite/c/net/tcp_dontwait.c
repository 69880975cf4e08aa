/*
 * MSG_DONTWAIT (recv(2), send(2)) answers EAGAIN for one call on a blocking socket:
 * nothing to read, no room to write.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	static char block[65536];
	struct pair pair = tcp_pair(family);
	char byte;
	ssize_t n;
	long long total = 0;

	FAILS(recv(pair.client, &byte, 1, MSG_DONTWAIT), EAGAIN);
	while ((n = send(pair.client, block, sizeof block, MSG_DONTWAIT)) > 0 && total < 1 << 30)
		total += n;
	FAILS(send(pair.client, block, sizeof block, MSG_DONTWAIT), EAGAIN);
	CHECK(total > 0);
	WANT(ready(pair.client, POLLOUT, 0), 0);
	/* The other end takes it all: there is room again. */
	while (total > 0)
		total -= NEED(recv(pair.server, block, sizeof block, 0));
	WANT(ready(pair.client, POLLOUT, 5000), POLLOUT);
	WANT(send(pair.client, "x", 1, MSG_DONTWAIT), 1);
	WANT(fcntl(pair.client, F_GETFL) & O_NONBLOCK, 0);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
