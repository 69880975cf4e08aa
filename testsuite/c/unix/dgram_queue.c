/*
 * A datagram socket's queue has max_dgram_qlen places: the next sender waits, or EAGAIN;
 * no message is lost. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "text.h"

int main(void)
{
	int ends[2], sent = 0, most = atoi(text_of("/proc/sys/net/unix/max_dgram_qlen"));
	char byte;

	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	while (sent < 5000 && send(ends[0], "x", 1, MSG_DONTWAIT) == 1)
		sent++;
	FAILS(send(ends[0], "x", 1, MSG_DONTWAIT), EAGAIN);
	CHECK(most > 0);
	CHECK(sent >= most);
	WANT(ready(ends[0], POLLOUT, 0), 0);
	for (int i = 0; i < sent; i++)
		NEED(recv(ends[1], &byte, 1, MSG_DONTWAIT));
	FAILS(recv(ends[1], &byte, 1, MSG_DONTWAIT), EAGAIN);
	WANT(ready(ends[0], POLLOUT, 1000), POLLOUT);
	return done();
}
