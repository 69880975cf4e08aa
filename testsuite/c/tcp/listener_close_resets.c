/*
 * Closing a listener resets the connections that wait in its queue.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address), client = NEED(socket(family, SOCK_STREAM, 0));
	char byte;

	NEED(connect(client, &address.any, address.length));
	close(listener);
	NEED(ready(client, POLLIN, 5000));
	FAILS(recv(client, &byte, 1, 0), ECONNRESET);
	close(client);
}

int main(void)
{
	for_both(test);
	return done();
}
