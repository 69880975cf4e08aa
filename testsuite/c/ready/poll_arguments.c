/*
 * poll(2): negative descriptors are passed over, closed ones answer POLLNVAL, more entries
 * than RLIMIT_NOFILE are EINVAL, a signal gives EINTR under SA_RESTART too.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "handler.h"

#include <sys/resource.h>

int main(void)
{
	struct pollfd fds[3] = { { .fd = -1, .events = POLLIN, .revents = 99 }, { .fd = 999, .events = POLLIN }, { .fd = 1, .events = 0 } };
	struct rlimit limit;
	long long begin = now_ms();
	pid_t child;

	WANT(poll(fds, 3, -1), 1);
	WANT(fds[0].revents, 0);
	WANT(fds[1].revents, POLLNVAL);
	WANT(poll(fds, 1, 60), 0);
	CHECK(now_ms() - begin >= 60);
	FAILS(poll(nowhere, 1, 0), EFAULT);
	handle(SIGUSR1, SA_RESTART);
	child = signal_later(SIGUSR1, 60);
	FAILS(poll(fds, 1, 5000), EINTR);
	CHECK(left_well(child));
	NEED(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 2;
	NEED(setrlimit(RLIMIT_NOFILE, &limit));
	FAILS(poll(fds, 3, 0), EINVAL);
	return done();
}
