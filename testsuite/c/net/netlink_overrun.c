/*
 * A full receive buffer: what does not fit is lost, recv says ENOBUFS once, and
 * NETLINK_NO_ENOBUFS keeps quiet about it (netlink(7)).
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

/* Asks for lo until the buffer must be full. */
static void flood(int fd)
{
	struct ifinfomsg info = { .ifi_index = 1 };

	for (int n = 0; n < 100; n++) {
		struct nl_request r = nl_begin(RTM_GETLINK, 0, &info, sizeof info);

		nl_send(fd, &r);
	}
}

static int drain(int fd)
{
	static char buffer[8192];
	int count = 0;

	while (recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0)
		count++;
	return errno == EAGAIN ? count : -errno;
}

int main(void)
{
	int fd = nl_open(NETLINK_ROUTE), small = 8192, one = 1, count;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	NEED(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small));
	flood(fd);
	WANT(poll(&poll_fd, 1, 0), 1);
	WANT(poll_fd.revents, POLLIN | POLLERR);
	WANT(drain(fd), -ENOBUFS);
	count = drain(fd);
	CHECK(count > 1 && count < 50);

	/* It works again. */
	NEED(setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof one));
	flood(fd);
	count = drain(fd);
	CHECK(count > 1 && count < 50);
	return done();
}
