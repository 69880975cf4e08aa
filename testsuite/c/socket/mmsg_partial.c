/*
 * sendmmsg(2) and recvmmsg(2) answer how many went before one failed, and the error where
 * the first did; MSG_WAITFORONE does not wait for the second; a timeout ends the wait.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair pair = udp_pair(AF_INET);
	char in[4][8];
	struct iovec good = { "ab", 2 }, bad = { nowhere, 2 }, into[4];
	struct mmsghdr out[3], got[4];
	struct timespec span = { 0, 100000000 };
	long long begin;

	memset(out, 0, sizeof out);
	memset(got, 0, sizeof got);
	for (int i = 0; i < 3; i++)
		out[i].msg_hdr = (struct msghdr){ .msg_iov = i == 2 ? &bad : &good, .msg_iovlen = 1 };
	for (int i = 0; i < 4; i++) {
		into[i] = (struct iovec){ in[i], sizeof in[i] };
		got[i].msg_hdr = (struct msghdr){ .msg_iov = &into[i], .msg_iovlen = 1 };
	}
	WANT(sendmmsg(pair.client, out, 3, 0), 2);
	WANT(out[1].msg_len, 2);
	FAILS(sendmmsg(pair.client, out + 2, 1, 0), EFAULT);
	WANT(recvmmsg(pair.server, got, 4, MSG_WAITFORONE, NULL), 2);
	WANT(got[0].msg_len, 2);
	FAILS(recvmmsg(pair.server, got, 4, MSG_DONTWAIT, NULL), EAGAIN);
	WANT(sendmmsg(pair.client, out, 0, 0), 0);
	begin = now_ms();
	NEED(send(pair.client, "x", 1, 0));
	set_timeout(pair.server, SO_RCVTIMEO, 200);
	WANT(recvmmsg(pair.server, got, 4, 0, &span), 1);
	CHECK(now_ms() - begin >= 100);
	FAILS(recvmmsg(pair.server, got, 4, 0, &(struct timespec){ 0, -1 }), EINVAL);
	return done();
}
