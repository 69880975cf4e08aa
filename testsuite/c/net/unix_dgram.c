/*
 * AF_UNIX datagrams (unix(7)): boundaries and the sender's name are kept, connect sets
 * the peer, nobody there is ECONNREFUSED or ENOENT, delivery is in order.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static struct sockaddr_un name(const char *end)
{
	struct sockaddr_un n = { .sun_family = AF_UNIX };

	snprintf(n.sun_path, sizeof n.sun_path, "/tmp/unix_dgram.%d.%s", getpid(), end);
	return n;
}

int main(void)
{
	struct sockaddr_un a = name("a"), b = name("b"), none = name("none"), from;
	socklen_t length = sizeof from;
	int one = NEED(socket(AF_UNIX, SOCK_DGRAM, 0)), two = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));
	char text[8];

	NEED(bind(one, (struct sockaddr *)&a, sizeof a));
	NEED(bind(two, (struct sockaddr *)&b, sizeof b));
	FAILS(send(one, "x", 1, 0), ENOTCONN);
	FAILS(sendto(one, "x", 1, 0, (struct sockaddr *)&none, sizeof none), ENOENT);
	WANT(sendto(one, "first", 5, 0, (struct sockaddr *)&b, sizeof b), 5);
	WANT(sendto(one, "", 0, 0, (struct sockaddr *)&b, sizeof b), 0);
	WANT(recvfrom(two, text, sizeof text, 0, (struct sockaddr *)&from, &length), 5);
	CHECK(strcmp(from.sun_path, a.sun_path) == 0);
	WANT(recv(two, text, sizeof text, 0), 0);
	WANT(connect(one, (struct sockaddr *)&b, sizeof b), 0);
	WANT(send(one, "abc", 3, 0), 3);
	WANT(send(one, "de", 2, 0), 2);
	WANT(recv(two, text, 1, MSG_TRUNC), 3);
	WANT(recv(two, text, sizeof text, 0), 2);
	FAILS(recv(two, text, sizeof text, MSG_DONTWAIT), EAGAIN);
	close(two);
	FAILS(send(one, "x", 1, 0), ECONNREFUSED);
	unlink(a.sun_path);
	unlink(b.sun_path);
	return done();
}
