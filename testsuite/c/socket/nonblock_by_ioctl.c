/*
 * FIONBIO and O_NONBLOCK are one flag, FIOASYNC and O_ASYNC too; the flag belongs to the
 * open socket, so that a duplicate shares it. ioctl(2), fcntl(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	int copy = NEED(dup(pair.client));
	char byte;

	WANT(ioctl(pair.client, FIONBIO, &(int){ 1 }), 0);
	CHECK(fcntl(copy, F_GETFL) & O_NONBLOCK);
	FAILS(recv(copy, &byte, 1, 0), EAGAIN);
	WANT(fcntl(copy, F_SETFL, 0), 0);
	WANT(ioctl(pair.client, FIOASYNC, &(int){ 1 }), 0);
	CHECK(fcntl(copy, F_GETFL) & O_ASYNC);
	WANT(ioctl(copy, FIOASYNC, &(int){ 0 }), 0);
	CHECK(!(fcntl(pair.client, F_GETFL) & O_ASYNC));
	WANT(fcntl(pair.client, F_GETFL), O_RDWR);
	WANT(ioctl(pair.client, FIOCLEX), 0);
	CHECK(fcntl(pair.client, F_GETFD) == FD_CLOEXEC && fcntl(copy, F_GETFD) == 0);
	FAILS(ioctl(pair.client, FIONBIO, nowhere), EFAULT);
	close(copy);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
