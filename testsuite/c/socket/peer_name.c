/*
 * getpeername(2): ENOTCONN before, while listening and after the connection has gone;
 * the peer's name as long as there is one.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	struct address name = no_address(), address;
	int fresh = NEED(socket(family, SOCK_STREAM, 0)), listener = tcp_listen(family, &address);
	struct linger reset = { 1, 0 };

	FAILS(getpeername(fresh, &name.any, &name.length), ENOTCONN);
	FAILS(getpeername(listener, &name.any, &name.length), ENOTCONN);
	WANT(getpeername(pair.client, &name.any, &name.length), 0);
	address = name_of(pair.server);
	CHECK(same_address(&name, &address));
	WANT(shutdown(pair.client, SHUT_WR), 0);
	WANT(getpeername(pair.client, &name.any, &name.length), 0);
	NEED(setsockopt(pair.server, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
	close(pair.server);
	NEED(ready(pair.client, POLLIN, 5000));
	FAILS(getpeername(pair.client, &name.any, &name.length), ENOTCONN);
	close(pair.client);
}

int main(void)
{
	for_both(test);
	return done();
}
