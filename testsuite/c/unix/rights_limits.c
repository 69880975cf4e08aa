/*
 * SCM_RIGHTS: at most 253 descriptors in one message, EBADF for one that is closed; those
 * for which there is no room are closed and MSG_CTRUNC says so. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	static int many[254];
	int ends[2], pipe_ends[2], got;
	union {
		char bytes[CMSG_SPACE(254 * sizeof(int))];
		struct cmsghdr first;
	} control;
	char text[] = "x";
	struct iovec part = { text, 1 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes };

	memset(&control, 0, sizeof control);
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	NEED(pipe(pipe_ends));
	control.first.cmsg_level = SOL_SOCKET;
	control.first.cmsg_type = SCM_RIGHTS;
	control.first.cmsg_len = CMSG_LEN(sizeof many);
	memcpy(CMSG_DATA(&control.first), many, sizeof many);
	FAILS(sendmsg(ends[0], &header, 0), EINVAL);
	FAILS(send_with(ends[0], "x", NULL, SOL_SOCKET, SCM_RIGHTS, &(int){ 999 }, sizeof(int)), EBADF);
	NEED(send_with(ends[0], "x", NULL, SOL_SOCKET, SCM_RIGHTS, pipe_ends, sizeof pipe_ends));
	close(pipe_ends[1]);
	WANT(receive_within(ends[1], &m, 0, CMSG_LEN(sizeof(int))), 1);
	CHECK(m.flags & MSG_CTRUNC);
	got = ancillary_int(&m, SOL_SOCKET, SCM_RIGHTS);
	CHECK(got >= 0);
	/* Nobody holds the writing end any more. */
	WANT(read(got, text, 1), 0);
	return done();
}
