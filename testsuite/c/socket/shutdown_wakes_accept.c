/*
 * shutdown(2) of a listener from elsewhere ends a waiting accept(2) with EINVAL.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address address;
	int listener = tcp_listen(AF_INET, &address);
	pid_t child;

	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		sleep_ms(100);
		_exit(shutdown(listener, SHUT_RDWR) != 0);
	}
	FAILS(accept(listener, NULL, NULL), EINVAL);
	CHECK(left_well(child));
	WANT(get_int(listener, SOL_SOCKET, SO_ACCEPTCONN), 0);
	WANT(listen(listener, 1), 0);
	WANT(get_int(listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
	return done();
}
