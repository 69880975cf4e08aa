/*
 * SO_REUSEPORT: several listeners on one port, all of which have to ask for it, and
 * connections are spread over them. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address = nobody(family, SOCK_STREAM);
	int fds[3], counts[2] = { 0, 0 };

	for (int i = 0; i < 3; i++)
		fds[i] = NEED(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
	set_int(fds[0], SOL_SOCKET, SO_REUSEPORT, 1);
	set_int(fds[1], SOL_SOCKET, SO_REUSEPORT, 1);
	WANT(bind(fds[0], &address.any, address.length), 0);
	WANT(bind(fds[1], &address.any, address.length), 0);
	FAILS(bind(fds[2], &address.any, address.length), EADDRINUSE);
	WANT(listen(fds[0], 64), 0);
	WANT(listen(fds[1], 64), 0);
	for (int i = 0; i < 40; i++)
		NEED(connect(NEED(socket(family, SOCK_STREAM, 0)), &address.any, address.length));
	for (int i = 0; i < 2; i++)
		while (accept(fds[i], NULL, NULL) >= 0)
			counts[i]++;
	WANT(counts[0] + counts[1], 40);
	CHECK(counts[0] > 0 && counts[1] > 0);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

int main(void)
{
	for_both(test);
	return done();
}
