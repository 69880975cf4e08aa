/*
 * MSG_CMSG_CLOEXEC marks descriptors that arrive by SCM_RIGHTS; without it they stay open
 * over exec. recv(2), unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	int ends[2], null = NEED(open("/dev/null", O_RDWR)), got;

	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	NEED(send_with(ends[0], "a", NULL, SOL_SOCKET, SCM_RIGHTS, &null, sizeof null));
	NEED(send_with(ends[0], "b", NULL, SOL_SOCKET, SCM_RIGHTS, &null, sizeof null));
	WANT(receive(ends[1], &m, MSG_CMSG_CLOEXEC), 1);
	CHECK(m.flags & MSG_CMSG_CLOEXEC);
	got = ancillary_int(&m, SOL_SOCKET, SCM_RIGHTS);
	WANT(fcntl(got, F_GETFD), FD_CLOEXEC);
	WANT(receive(ends[1], &m, 0), 1);
	got = ancillary_int(&m, SOL_SOCKET, SCM_RIGHTS);
	WANT(fcntl(got, F_GETFD), 0);
	CHECK(got != null);
	return done();
}
