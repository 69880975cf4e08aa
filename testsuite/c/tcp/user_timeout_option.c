/*
 * TCP_USER_TIMEOUT holds milliseconds, 0 at first, not negative ones; TCP_SYNCNT is 1 to
 * 127. tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	int fd = NEED(socket(AF_INET6, SOCK_STREAM, 0));

	WANT(get_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
	set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 12345);
	WANT(get_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 12345);
	FAILS(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){ -1 }, sizeof(int)), EINVAL);
	set_int(fd, IPPROTO_TCP, TCP_SYNCNT, 127);
	WANT(get_int(fd, IPPROTO_TCP, TCP_SYNCNT), 127);
	FAILS(setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &(int){ 128 }, sizeof(int)), EINVAL);
	FAILS(setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &(int){ 0 }, sizeof(int)), EINVAL);
	return done();
}
