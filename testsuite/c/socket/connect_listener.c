/*
 * A listening socket does not connect: EISCONN; a connected one does not listen: EINVAL.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address, other;
	int listener = tcp_listen(family, &address), target = tcp_listen(family, &other);
	struct pair pair = tcp_pair(family);

	FAILS(connect(listener, &other.any, other.length), EISCONN);
	FAILS(listen(pair.client, 1), EINVAL);
	FAILS(listen(pair.server, 1), EINVAL);
	FAILS(connect(pair.client, &other.any, other.length), EISCONN);
	close_pair(pair);
	close(listener);
	close(target);
}

int main(void)
{
	for_both(test);
	return done();
}
