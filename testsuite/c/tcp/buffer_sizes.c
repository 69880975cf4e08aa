/*
 * SO_RCVBUF and SO_SNDBUF: doubled, not below a minimum, not above rmem_max and wmem_max
 * unless forced. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "text.h"

static void test(int family)
{
	int fd = NEED(socket(family, SOCK_STREAM, 0)), most;

	set_int(fd, SOL_SOCKET, SO_RCVBUF, 30000);
	WANT(get_int(fd, SOL_SOCKET, SO_RCVBUF), 60000);
	set_int(fd, SOL_SOCKET, SO_SNDBUF, 30000);
	WANT(get_int(fd, SOL_SOCKET, SO_SNDBUF), 60000);
	set_int(fd, SOL_SOCKET, SO_RCVBUF, 1);
	WANT(get_int(fd, SOL_SOCKET, SO_RCVBUF), 2304);
	set_int(fd, SOL_SOCKET, SO_SNDBUF, 1);
	WANT(get_int(fd, SOL_SOCKET, SO_SNDBUF), 4608);
	most = atoi(text_of("/proc/sys/net/core/rmem_max"));
	set_int(fd, SOL_SOCKET, SO_RCVBUF, most + 1000);
	WANT(get_int(fd, SOL_SOCKET, SO_RCVBUF), 2 * most);
	most = atoi(text_of("/proc/sys/net/core/wmem_max"));
	set_int(fd, SOL_SOCKET, SO_SNDBUF, most + 1000);
	WANT(get_int(fd, SOL_SOCKET, SO_SNDBUF), 2 * most);
	set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, most + 1000);
	WANT(get_int(fd, SOL_SOCKET, SO_SNDBUF), 2 * (most + 1000));
	close(fd);
}

int main(void)
{
	for_both(test);
	return done();
}
