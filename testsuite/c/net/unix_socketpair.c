/*
 * socketpair(2): both ends carry data both ways; SOCK_SEQPACKET keeps boundaries and
 * tells the end; a closed end gives EPIPE and, without MSG_NOSIGNAL, SIGPIPE.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static volatile sig_atomic_t pipes;

static void on_pipe(int number)
{
	(void)number;
	pipes++;
}

int main(void)
{
	int s[2];
	char text[8];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	WANT(write(s[0], "abc", 3), 3);
	WANT(write(s[0], "def", 3), 3);
	WANT(read(s[1], text, sizeof text), 6);
	WANT(write(s[1], "x", 1), 1);
	WANT(read(s[0], text, sizeof text), 1);
	signal(SIGPIPE, on_pipe);
	close(s[1]);
	FAILS(write(s[0], "x", 1), EPIPE);
	WANT(pipes, 1);
	FAILS(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(pipes, 1);
	WANT(read(s[0], text, 1), 0);

	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	WANT(send(s[0], "abc", 3, 0), 3);
	WANT(send(s[0], "de", 2, 0), 2);
	WANT(recv(s[1], text, sizeof text, 0), 3);
	WANT(recv(s[1], text, sizeof text, 0), 2);
	close(s[0]);
	WANT(recv(s[1], text, sizeof text, 0), 0);
	FAILS(socketpair(AF_INET, SOCK_STREAM, 0, s), EOPNOTSUPP);
	return done();
}
