/*
 * A signal ends a waiting accept(2) with EINTR, or it is restarted with SA_RESTART.
 * signal(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "handler.h"

int main(void)
{
	struct address address;
	int listener = tcp_listen(AF_INET, &address);
	pid_t child;

	handle(SIGUSR1, 0);
	child = signal_later(SIGUSR1, 100);
	FAILS(accept(listener, NULL, NULL), EINTR);
	WANT(handled, 1);
	CHECK(left_well(child));
	handle(SIGUSR1, SA_RESTART);
	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		sleep_ms(100);
		kill(getppid(), SIGUSR1);
		sleep_ms(100);
		_exit(connect(fd, &address.any, address.length) != 0);
	}
	CHECK(accept(listener, NULL, NULL) >= 0);
	WANT(handled, 2);
	CHECK(left_well(child));
	return done();
}
