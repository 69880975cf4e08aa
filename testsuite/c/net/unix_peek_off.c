/*
 * SO_PEEK_OFF of AF_UNIX sockets: where MSG_PEEK looks, moved on by peeking and back by reading. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static int offset(int fd)
{
	int value = -7;
	socklen_t length = sizeof value;

	NEED(getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &value, &length));
	return value;
}

static int set(int fd, int value)
{
	return setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &value, sizeof value);
}

static const char *take(int fd, int length, int flags)
{
	static char text[32];
	ssize_t got = recv(fd, text, length, flags | MSG_DONTWAIT);

	if (got < 0)
		return strcpy(text, check_errno(errno));
	text[got] = 0;
	return text;
}

#define TAKES(fd, length, flags, text) CHECK(strcmp(take(fd, length, flags), text) == 0)

int main(void)
{
	int s[2], fd;
	struct timeval soon = { 0, 50000 };

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	WANT(offset(s[1]), -1);
	NEED(send(s[0], "abcdef", 6, 0));
	TAKES(s[1], 3, MSG_PEEK, "abc");
	WANT(offset(s[1]), -1);
	WANT(set(s[1], 0), 0);
	TAKES(s[1], 3, MSG_PEEK, "abc");
	WANT(offset(s[1]), 3);
	TAKES(s[1], 2, MSG_PEEK, "de");
	WANT(offset(s[1]), 5);
	TAKES(s[1], 10, MSG_PEEK, "f");
	TAKES(s[1], 10, MSG_PEEK, "EAGAIN");
	TAKES(s[1], 2, 0, "ab");
	WANT(offset(s[1]), 4);
	NEED(send(s[0], "gh", 2, 0));
	TAKES(s[1], 10, MSG_PEEK, "gh");
	WANT(offset(s[1]), 6);
	TAKES(s[1], 10, 0, "cdefgh");
	WANT(offset(s[1]), 0);
	WANT(set(s[1], 1), 0);
	NEED(send(s[0], "xy", 2, 0));
	TAKES(s[1], 10, MSG_PEEK, "y");
	TAKES(s[1], 10, 0, "xy");
	WANT(offset(s[1]), 0);
	WANT(set(s[1], -5), 0);
	WANT(offset(s[1]), -5);
	WANT(set(s[1], 5), 0);
	NEED(send(s[0], "xy", 2, 0));
	NEED(setsockopt(s[1], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon));
	FAILS(recv(s[1], &fd, 1, MSG_PEEK), EAGAIN);
	close(s[0]);
	WANT(recv(s[1], &fd, 1, MSG_PEEK), 0);
	close(s[1]);

	for (int type = SOCK_DGRAM; type <= SOCK_SEQPACKET; type += SOCK_SEQPACKET - SOCK_DGRAM) {
		NEED(socketpair(AF_UNIX, type, 0, s));
		WANT(offset(s[1]), -1);
		WANT(set(s[1], 0), 0);
		NEED(send(s[0], "abcdef", 6, 0));
		NEED(send(s[0], "ghi", 3, 0));
		TAKES(s[1], 3, MSG_PEEK, "abc");
		WANT(offset(s[1]), 3);
		TAKES(s[1], 10, MSG_PEEK, "def");
		WANT(offset(s[1]), 6);
		TAKES(s[1], 2, MSG_PEEK, "gh");
		WANT(offset(s[1]), 8);
		TAKES(s[1], 10, 0, "abcdef");
		WANT(offset(s[1]), 2);
		TAKES(s[1], 10, MSG_PEEK, "i");
		TAKES(s[1], 10, MSG_PEEK, "EAGAIN");
		TAKES(s[1], 10, 0, "ghi");
		WANT(offset(s[1]), 0);
		close(s[0]);
		close(s[1]);
	}

	fd = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	WANT(set(fd, 3), 0);
	WANT(offset(fd), 3);
	close(fd);
	return done();
}
