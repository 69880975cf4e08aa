/*
 * Malformed ancillary data to send: EINVAL for a length that is none, for a level and type
 * unknown to the protocol; other levels are passed over. sendmsg(2), cmsg(3).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

#include <sys/syscall.h>

int main(void)
{
	struct pair pair = udp_pair(AF_INET);
	union {
		char bytes[64];
		struct cmsghdr first;
	} control;
	char text[] = "x";
	struct iovec part = { text, 1 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = 32 };

	memset(&control, 0, sizeof control);
	control.first.cmsg_level = IPPROTO_IP;
	control.first.cmsg_type = IP_TTL;
	control.first.cmsg_len = 3;
	FAILS(sendmsg(pair.client, &header, 0), EINVAL);
	control.first.cmsg_len = 33;
	FAILS(sendmsg(pair.client, &header, 0), EINVAL);
	control.first.cmsg_len = CMSG_LEN(2);
	FAILS(sendmsg(pair.client, &header, 0), EINVAL);
	control.first.cmsg_len = CMSG_LEN(4);
	control.first.cmsg_type = 999;
	FAILS(sendmsg(pair.client, &header, 0), EINVAL);
	control.first.cmsg_level = 999;
	WANT(sendmsg(pair.client, &header, 0), 1);
	/* musl's wrapper looks at these itself. */
	header.msg_control = nowhere;
	FAILS(syscall(SYS_sendmsg, pair.client, &header, 0), EFAULT);
	header.msg_controllen = 0x7fffffff;
	FAILS(syscall(SYS_sendmsg, pair.client, &header, 0), ENOBUFS);
	return done();
}
