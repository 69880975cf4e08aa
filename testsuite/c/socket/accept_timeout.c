/*
 * SO_RCVTIMEO ends a waiting accept(2) with EAGAIN; with it a signal gives EINTR even
 * under SA_RESTART. socket(7), signal(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "handler.h"

int main(void)
{
	struct address address;
	int listener = tcp_listen(AF_INET, &address);
	long long begin = now_ms();
	pid_t child;

	set_timeout(listener, SO_RCVTIMEO, 150);
	FAILS(accept(listener, NULL, NULL), EAGAIN);
	CHECK(now_ms() - begin >= 140);
	set_timeout(listener, SO_RCVTIMEO, 10000);
	handle(SIGUSR1, SA_RESTART);
	child = signal_later(SIGUSR1, 100);
	FAILS(accept(listener, NULL, NULL), EINTR);
	CHECK(left_well(child));
	return done();
}
