/*
 * poll(2) on a stream: POLLRDHUP and POLLIN when the peer will send no more, POLLHUP when
 * neither side can.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	int all = POLLIN | POLLOUT | POLLRDHUP;

	WANT(ready(pair.server, all, 0), POLLOUT);
	NEED(shutdown(pair.client, SHUT_WR));
	NEED(ready(pair.server, POLLIN, 5000));
	WANT(ready(pair.server, all, 0), POLLIN | POLLOUT | POLLRDHUP);
	WANT(ready(pair.client, all, 0), POLLOUT);
	NEED(shutdown(pair.server, SHUT_WR));
	NEED(ready(pair.client, POLLIN, 5000));
	WANT(ready(pair.client, all, 0), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	WANT(ready(pair.server, 0, 0), POLLHUP);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
