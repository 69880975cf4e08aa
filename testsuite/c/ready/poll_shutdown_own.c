/*
 * What poll(2) says after shutdown(2) of one's own side: reading gives POLLIN and
 * POLLRDHUP at once.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	int ends[2], all = POLLIN | POLLOUT | POLLRDHUP;

	NEED(shutdown(pair.client, SHUT_RD));
	WANT(ready(pair.client, all, 0), POLLIN | POLLOUT | POLLRDHUP);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	NEED(shutdown(ends[0], SHUT_RD));
	WANT(ready(ends[0], all, 0), POLLIN | POLLOUT | POLLRDHUP);
	close(ends[1]);
	WANT(ready(ends[0], all, 0), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	return done();
}
