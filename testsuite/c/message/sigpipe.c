/*
 * Writing to a stream whose reader has gone: EPIPE and SIGPIPE, from send, sendmsg, write
 * and writev; with MSG_NOSIGNAL no signal. send(2), signal(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "handler.h"

static void broken(struct pair pair)
{
	char text[] = "x";
	struct iovec part = { text, 1 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	handled = 0;
	FAILS(send(pair.client, "x", 1, 0), EPIPE);
	WANT(handled, 1);
	FAILS(write(pair.client, "x", 1), EPIPE);
	WANT(handled, 2);
	FAILS(writev(pair.client, &part, 1), EPIPE);
	FAILS(sendmsg(pair.client, &header, 0), EPIPE);
	WANT(handled, 4);
	FAILS(send(pair.client, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(sendmsg(pair.client, &header, MSG_NOSIGNAL), EPIPE);
	WANT(handled, 4);
	close(pair.client);
}

int main(void)
{
	struct pair tcp = tcp_pair(AF_INET), local;
	int ends[2];

	handle(SIGPIPE, 0);
	NEED(shutdown(tcp.client, SHUT_WR));
	broken(tcp);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	local = (struct pair){ ends[0], ends[1] };
	close(local.server);
	broken(local);
	return done();
}
