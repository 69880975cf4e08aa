/*
 * select(2): EBADF for a closed descriptor in a set, EINVAL for a negative count or time,
 * counts per set, and Linux writes the time that is left.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <sys/select.h>
#include <sys/syscall.h>

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	struct timeval span = { 3, 0 }, negative = { 0, -1 };
	struct timespec left = { 0, 50000000 };
	fd_set in, out;
	volatile int minus = -1;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(pair.server, &in);
	FD_SET(pair.server, &out);
	FD_SET(pair.client, &in);
	NEED(send(pair.client, "x", 1, 0));
	NEED(ready(pair.server, POLLIN, 5000));
	WANT(select(64, &in, &out, NULL, &span), 2);
	CHECK(FD_ISSET(pair.server, &in) && FD_ISSET(pair.server, &out) && !FD_ISSET(pair.client, &in));
	FD_ZERO(&in);
	FD_SET(60, &in);
	FAILS(select(64, &in, NULL, NULL, &span), EBADF);
	FAILS(select(minus, NULL, NULL, NULL, &span), EINVAL);
	FAILS(select(0, NULL, NULL, NULL, &negative), EINVAL);
	/* musl's wrapper keeps it to itself. */
	WANT(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &left, NULL), 0);
	CHECK(left.tv_sec == 0 && left.tv_nsec == 0);
	return done();
}
