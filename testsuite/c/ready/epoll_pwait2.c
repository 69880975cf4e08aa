/*
 * epoll_pwait2(2): a timeout in nanoseconds, a signal mask for the wait.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <sys/syscall.h>

int main(void)
{
	struct epoll_event got;
	struct timespec span = { 0, 30000000 }, bad = { 0, 1000000000 };
	int epoll = NEED(epoll_create1(0));
	long long begin = now_ms();

	WANT(syscall(441, epoll, &got, 1, &span, NULL, 0), 0);
	CHECK(now_ms() - begin >= 30 && now_ms() - begin < 5000);
	FAILS(syscall(441, epoll, &got, 1, &bad, NULL, 0), EINVAL);
	FAILS(syscall(441, epoll, &got, 1, nowhere, NULL, 0), EFAULT);
	span = (struct timespec){ 0, 0 };
	WANT(syscall(441, epoll, &got, 1, &span, NULL, 0), 0);
	return done();
}
