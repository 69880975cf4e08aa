/*
 * SO_RXQ_OVFL tells how many datagrams found the queue full. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	static char block[1000];
	struct pair pair = udp_pair(AF_INET);
	int received = 0, dropped = -1;

	set_int(pair.server, SOL_SOCKET, SO_RCVBUF, 4096);
	set_int(pair.server, SOL_SOCKET, 40 /* SO_RXQ_OVFL */, 1);
	for (int i = 0; i < 100; i++)
		NEED(send(pair.client, block, sizeof block, 0));
	while (receive(pair.server, &m, MSG_DONTWAIT) > 0)
		received++;
	CHECK(received > 0 && received < 100);
	NEED(send(pair.client, block, 1, 0));
	WANT(receive(pair.server, &m, 0), 1);
	dropped = ancillary_int(&m, SOL_SOCKET, 40);
	WANT(dropped, 100 - received);
	return done();
}
