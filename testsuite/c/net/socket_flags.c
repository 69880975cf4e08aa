/*
 * SOCK_NONBLOCK and SOCK_CLOEXEC (socket(2), accept4(2), socketpair(2)): they set the
 * flags of fcntl(2), and accept does not inherit them from the listener.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static int nonblocking(int fd) { return !!(NEED(fcntl(fd, F_GETFL)) & O_NONBLOCK); }
static int cloexec(int fd) { return !!(NEED(fcntl(fd, F_GETFD)) & FD_CLOEXEC); }

static int client_of(const struct address *address)
{
	int fd = NEED(socket(address->any.sa_family, SOCK_STREAM, 0));

	NEED(connect(fd, &address->any, address->length));
	return fd;
}

static void test(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address);
	int plain = NEED(socket(family, SOCK_STREAM, 0));
	int both = NEED(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	int accepted;

	WANT(nonblocking(plain), 0);
	WANT(cloexec(plain), 0);
	WANT(nonblocking(both), 1);
	WANT(cloexec(both), 1);
	set_nonblocking(listener);
	FAILS(accept(listener, NULL, NULL), EAGAIN);
	client_of(&address);
	NEED(ready(listener, POLLIN, 5000));
	accepted = NEED(accept(listener, NULL, NULL));
	WANT(nonblocking(accepted), 0);
	WANT(cloexec(accepted), 0);
	client_of(&address);
	NEED(ready(listener, POLLIN, 5000));
	accepted = NEED(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	WANT(nonblocking(accepted), 1);
	WANT(cloexec(accepted), 1);
	FAILS(accept4(listener, NULL, NULL, 0x40000000), EINVAL);
	FAILS(socket(family, SOCK_STREAM | 0x100, 0), EINVAL);
}

int main(void)
{
	int ends[2];

	for_both(test);
	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	WANT(cloexec(ends[1]), 1);
	WANT(nonblocking(ends[0]), 0);
	return done();
}
