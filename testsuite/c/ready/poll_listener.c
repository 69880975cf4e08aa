/*
 * poll(2) on a listener: POLLIN while a connection waits, never POLLOUT.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address), client = NEED(socket(family, SOCK_STREAM, 0));

	WANT(ready(listener, POLLIN | POLLOUT | POLLRDHUP, 0), 0);
	NEED(connect(client, &address.any, address.length));
	WANT(ready(listener, POLLIN | POLLOUT, 5000), POLLIN);
	WANT(ready(listener, POLLRDNORM | POLLRDBAND, 0), POLLRDNORM);
	close(NEED(accept(listener, NULL, NULL)));
	WANT(ready(listener, POLLIN | POLLOUT, 0), 0);
	close(listener);
	close(client);
}

int main(void)
{
	for_both(test);
	return done();
}
