/*
 * accept(2) on sockets that do not listen: EINVAL for streams, EOPNOTSUPP for datagrams,
 * EINVAL once a listener has been shut down.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address;
	int stream = NEED(socket(family, SOCK_STREAM, 0)), listener = tcp_listen(family, &address);
	struct pair pair = tcp_pair(family);

	FAILS(accept(stream, NULL, NULL), EINVAL);
	FAILS(accept(pair.client, NULL, NULL), EINVAL);
	FAILS(accept(bound(family, SOCK_DGRAM, &address), NULL, NULL), EOPNOTSUPP);
	set_nonblocking(listener);
	FAILS(accept(listener, NULL, NULL), EAGAIN);
	WANT(shutdown(listener, SHUT_RD), 0);
	FAILS(accept(listener, NULL, NULL), EINVAL);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
