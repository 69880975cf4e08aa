/*
 * sendmmsg(2) and recvmmsg(2): several datagrams in one call, lengths per message; the
 * count of what is there when the flags say not to wait.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = udp_pair(family);
	char text[4][8];
	struct iovec out[3] = { { "a", 1 }, { "bcd", 3 }, { "efghi", 5 } }, in[4];
	struct mmsghdr send[3], receive[4];

	memset(send, 0, sizeof send);
	memset(receive, 0, sizeof receive);
	for (int i = 0; i < 3; i++)
		send[i].msg_hdr = (struct msghdr){ .msg_iov = &out[i], .msg_iovlen = 1 };
	for (int i = 0; i < 4; i++) {
		in[i] = (struct iovec){ text[i], sizeof text[i] };
		receive[i].msg_hdr = (struct msghdr){ .msg_iov = &in[i], .msg_iovlen = 1 };
	}
	WANT(sendmmsg(pair.client, send, 3, 0), 3);
	WANT(send[0].msg_len, 1);
	WANT(send[2].msg_len, 5);
	WANT(recvmmsg(pair.server, receive, 4, MSG_DONTWAIT, NULL), 3);
	WANT(receive[0].msg_len, 1);
	WANT(receive[1].msg_len, 3);
	WANT(receive[2].msg_len, 5);
	CHECK(memcmp(text[2], "efghi", 5) == 0);
	FAILS(recvmmsg(pair.server, receive, 4, MSG_DONTWAIT, NULL), EAGAIN);
	WANT(sendmmsg(pair.client, send, 2, 0), 2);
	WANT(recvmmsg(pair.server, receive, 4, MSG_WAITFORONE, NULL), 2);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
