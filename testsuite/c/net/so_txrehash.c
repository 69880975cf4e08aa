/*
 * SO_TXREHASH begins as net.core.txrehash says, -1 asks for that again; TCP sockets only. socket(7), Linux's
 * Documentation/admin-guide/sysctl/net.rst.
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include "text.h"

#include <sched.h>

#ifndef SO_TXREHASH
#define SO_TXREHASH 74
#endif

static int set(int fd, int value)
{
	return setsockopt(fd, SOL_SOCKET, SO_TXREHASH, &value, sizeof value);
}

static void test(int family)
{
	int fd = NEED(socket(family, SOCK_STREAM, 0));

	WANT(get_int(fd, SOL_SOCKET, SO_TXREHASH), 1);
	WANT(set(fd, 0), 0);
	WANT(get_int(fd, SOL_SOCKET, SO_TXREHASH), 0);
	FAILS(set(fd, 2), EINVAL);
	FAILS(set(fd, 255), EINVAL);
	WANT(set(fd, -1), 0);
	WANT(get_int(fd, SOL_SOCKET, SO_TXREHASH), 1);
	WANT(write_text("/proc/sys/net/core/txrehash", "0\n"), 0);
	WANT(get_int(fd, SOL_SOCKET, SO_TXREHASH), 1);
	WANT(set(fd, -1), 0);
	WANT(get_int(fd, SOL_SOCKET, SO_TXREHASH), 0);
	close(fd);
	fd = NEED(socket(family, SOCK_STREAM, 0));
	WANT(get_int(fd, SOL_SOCKET, SO_TXREHASH), 0);
	close(fd);
	FAILS(write_text("/proc/sys/net/core/txrehash", "2\n"), EINVAL);
	WANT(write_text("/proc/sys/net/core/txrehash", "1\n"), 0);
	fd = NEED(socket(family, SOCK_DGRAM, 0));
	FAILS(set(fd, 1), EOPNOTSUPP);
	close(fd);
}

int main(void)
{
	NEED(unshare(CLONE_NEWNET));
	for_both(test);
	return done();
}
