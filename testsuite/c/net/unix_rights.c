/*
 * SCM_RIGHTS (unix(7)): a descriptor travels over a socket and is the same open file;
 * MSG_CMSG_CLOEXEC sets the flag; SO_PEERCRED tells who is there.
 * Agrees: Linux 6.18.
 */
#include "net.h"

int main(void)
{
	int s[2], p[2], got = -1;
	union { char room[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control = { 0 };
	char byte = 'm';
	struct iovec io = { &byte, 1 };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct ucred who;
	socklen_t length = sizeof who;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(pipe(p));
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &p[1], sizeof(int));
	WANT(sendmsg(s[0], &message, 0), 1);
	close(p[1]);
	memset(&control, 0, sizeof control);
	message.msg_controllen = sizeof control;
	WANT(recvmsg(s[1], &message, MSG_CMSG_CLOEXEC), 1);
	header = CMSG_FIRSTHDR(&message);
	CHECK(header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)));
	if (header)
		memcpy(&got, CMSG_DATA(header), sizeof got);
	WANT(fcntl(got, F_GETFD), FD_CLOEXEC);
	WANT(write(got, "z", 1), 1);
	WANT(read(p[0], &byte, 1), 1);
	WANT(byte, 'z');
	close(got);
	WANT(read(p[0], &byte, 1), 0);
	WANT(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &who, &length), 0);
	WANT(who.pid, getpid());
	WANT(who.uid, getuid());
	return done();
}
