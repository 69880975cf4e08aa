/*
 * What epoll refuses: itself, files that cannot wait, entries twice or missing, bad
 * arguments. epoll_ctl(2), epoll_wait(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = NEED(epoll_create1(0)), file = NEED(open("/proc/self/exe", O_RDONLY));
	volatile int minus = -1;
	struct pair pair = udp_pair(AF_INET);

	FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event), EINVAL);
	FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event), EPERM);
	FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, 999, &event), EBADF);
	FAILS(epoll_ctl(pair.client, EPOLL_CTL_ADD, pair.server, &event), EINVAL);
	WANT(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.client, &event), 0);
	FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.client, &event), EEXIST);
	FAILS(epoll_ctl(epoll, EPOLL_CTL_MOD, pair.server, &event), ENOENT);
	FAILS(epoll_ctl(epoll, EPOLL_CTL_DEL, pair.server, NULL), ENOENT);
	FAILS(epoll_ctl(epoll, 9, pair.client, &event), EINVAL);
	FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, nowhere), EFAULT);
	FAILS(epoll_wait(epoll, &event, 0, 0), EINVAL);
	FAILS(epoll_wait(epoll, &event, minus, 0), EINVAL);
	FAILS(epoll_wait(pair.client, &event, 1, 0), EINVAL);
	FAILS(epoll_create1(1), EINVAL);
	FAILS(epoll_create(0), EINVAL);
	WANT(epoll_ctl(epoll, EPOLL_CTL_DEL, pair.client, NULL), 0);
	return done();
}
