/*
 * MSG_OOB on stream sockets of AF_UNIX: one byte that is read apart, dropped when it is read over, or in line with
 * SO_OOBINLINE; a mark stays where it was (SIOCATMARK); POLLPRI and SIGURG tell. unix(7), sockatmark(3), fcntl(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <linux/sockios.h>

static volatile sig_atomic_t urgent;

static void on_urgent(int signal)
{
	(void)signal;
	urgent++;
}

static int at_mark(int fd)
{
	int answer = -1;

	NEED(ioctl(fd, SIOCATMARK, &answer));
	return answer;
}

static int unread(int fd)
{
	int answer = -1;

	NEED(ioctl(fd, SIOCINQ, &answer));
	return answer;
}

static int events(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLPRI | POLLRDHUP, 0 };

	NEED(poll(&p, 1, 0));
	return p.revents;
}

/* What one recv() gives, as a string; "-" with errno for an error. */
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

static void apart(void)
{
	int s[2];
	char byte;
	struct iovec io = { &byte, 1 };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1 };

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	TAKES(s[1], 1, MSG_OOB, "EINVAL");
	FAILS(send(s[0], "", 0, MSG_OOB), EOPNOTSUPP);
	WANT(send(s[0], "hello", 5, MSG_OOB), 5);
	WANT(events(s[1]), POLLIN | POLLPRI);
	WANT(unread(s[1]), 5);
	WANT(at_mark(s[1]), 0);
	TAKES(s[1], 10, MSG_OOB | MSG_PEEK, "o");
	TAKES(s[1], 10, MSG_OOB | MSG_PEEK, "o");
	WANT(recvmsg(s[1], &message, MSG_OOB), 1);
	WANT(byte, 'o');
	WANT(message.msg_flags, MSG_OOB);
	WANT(events(s[1]), POLLIN);
	TAKES(s[1], 10, MSG_OOB, "EINVAL");
	WANT(unread(s[1]), 4);
	TAKES(s[1], 10, 0, "hell");
	WANT(at_mark(s[1]), 1);
	WANT(events(s[1]), POLLIN);
	TAKES(s[1], 10, 0, "EAGAIN");
	close(s[0]);
	close(s[1]);
}

/* Data before it is read up to it; read over it and it is gone. */
static void passed_by(void)
{
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(send(s[0], "abX", 3, MSG_OOB));
	NEED(send(s[0], "cd", 2, 0));
	TAKES(s[1], 10, MSG_PEEK, "ab");
	TAKES(s[1], 1, 0, "a");
	WANT(at_mark(s[1]), 0);
	TAKES(s[1], 10, 0, "b");
	WANT(at_mark(s[1]), 1);
	TAKES(s[1], 10, MSG_PEEK, "cd");
	TAKES(s[1], 1, MSG_OOB | MSG_PEEK, "X");
	TAKES(s[1], 10, 0, "cd");
	WANT(at_mark(s[1]), 0);
	TAKES(s[1], 1, MSG_OOB, "EINVAL");

	/* A second one: the first is ordinary data from then on. */
	NEED(send(s[0], "a1", 2, MSG_OOB));
	NEED(send(s[0], "b2", 2, MSG_OOB));
	TAKES(s[1], 10, MSG_PEEK, "a1b");
	TAKES(s[1], 1, MSG_OOB, "2");
	TAKES(s[1], 10, 0, "a1b");
	WANT(at_mark(s[1]), 1);
	NEED(send(s[0], "z", 1, 0));
	TAKES(s[1], 10, 0, "z");
	WANT(at_mark(s[1]), 0);
	close(s[0]);
	close(s[1]);

	/* A mark within data, of a byte that was read apart, ends a read as well. */
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(send(s[0], "abX", 3, MSG_OOB));
	NEED(send(s[0], "cd", 2, 0));
	TAKES(s[1], 1, MSG_OOB, "X");
	WANT(unread(s[1]), 4);
	TAKES(s[1], 10, MSG_PEEK, "ab");
	TAKES(s[1], 10, 0, "ab");
	WANT(at_mark(s[1]), 1);
	TAKES(s[1], 10, 0, "cd");
	WANT(at_mark(s[1]), 0);
	WANT(events(s[1]), 0);
	close(s[0]);
	close(s[1]);
}

static void in_line(void)
{
	int s[2], on = 1;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(setsockopt(s[1], SOL_SOCKET, SO_OOBINLINE, &on, sizeof on));
	NEED(send(s[0], "abX", 3, MSG_OOB));
	NEED(send(s[0], "cd", 2, 0));
	WANT(events(s[1]), POLLIN | POLLPRI);
	TAKES(s[1], 1, MSG_OOB, "EINVAL");
	TAKES(s[1], 10, 0, "ab");
	WANT(at_mark(s[1]), 1);
	TAKES(s[1], 10, MSG_PEEK, "Xcd");
	TAKES(s[1], 1, 0, "X");
	WANT(at_mark(s[1]), 0);
	WANT(events(s[1]), POLLIN);
	TAKES(s[1], 10, 0, "cd");
	close(s[0]);
	close(s[1]);
}

/* The byte that waits, or was read apart, as the other side closes. */
static void closing(void)
{
	int s[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(send(s[0], "x", 1, MSG_OOB));
	close(s[0]);
	WANT(events(s[1]), POLLIN | POLLPRI | POLLHUP | POLLRDHUP);
	TAKES(s[1], 1, MSG_OOB, "x");
	TAKES(s[1], 1, 0, "");
	close(s[1]);

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(send(s[0], "x", 1, MSG_OOB));
	TAKES(s[1], 1, MSG_OOB, "x");
	close(s[1]);
	TAKES(s[0], 1, 0, "");
	close(s[0]);

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(send(s[0], "x", 1, MSG_OOB));
	close(s[1]);
	TAKES(s[0], 1, 0, "ECONNRESET");
	FAILS(send(s[0], "x", 1, MSG_OOB | MSG_NOSIGNAL), EPIPE);
	close(s[0]);

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(shutdown(s[1], SHUT_RD));
	FAILS(send(s[0], "x", 1, MSG_OOB | MSG_NOSIGNAL), EPIPE);
	close(s[0]);
	close(s[1]);
}

static void other_types(void)
{
	int s[2], mark;

	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	FAILS(send(s[0], "x", 1, MSG_OOB), EOPNOTSUPP);
	TAKES(s[1], 1, MSG_OOB, "EOPNOTSUPP");
	FAILS(ioctl(s[1], SIOCATMARK, &mark), EOPNOTSUPP);
	close(s[0]);
	close(s[1]);
	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	FAILS(send(s[0], "x", 1, MSG_OOB), EOPNOTSUPP);
	TAKES(s[1], 1, MSG_OOB, "EOPNOTSUPP");
	close(s[0]);
	close(s[1]);
	s[0] = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	FAILS(send(s[0], "x", 1, MSG_OOB), ENOTCONN);
	TAKES(s[0], 1, MSG_OOB, "EINVAL");
	close(s[0]);
}

static void signals(void)
{
	int s[2];

	signal(SIGURG, on_urgent);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(send(s[0], "x", 1, MSG_OOB));
	WANT(urgent, 0);
	NEED(fcntl(s[1], F_SETOWN, getpid()));
	NEED(send(s[0], "y", 1, 0));
	WANT(urgent, 0);
	NEED(send(s[0], "x", 1, MSG_OOB));
	WANT(urgent, 1);
	/* F_SETSIG is about SIGIO. */
	NEED(fcntl(s[1], F_SETSIG, SIGUSR1));
	NEED(send(s[0], "x", 1, MSG_OOB));
	WANT(urgent, 2);
	NEED(fcntl(s[1], F_SETOWN, 0));
	NEED(send(s[0], "x", 1, MSG_OOB));
	WANT(urgent, 2);
	close(s[0]);
	close(s[1]);
}

int main(void)
{
	apart();
	passed_by();
	in_line();
	closing();
	other_types();
	signals();
	return done();
}
