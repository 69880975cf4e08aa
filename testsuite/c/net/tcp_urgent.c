/*
 * MSG_OOB on TCP: the last byte of an urgent send is read with MSG_OOB or, with
 * SO_OOBINLINE, in its place; reading stops at its mark; POLLPRI, select(2)'s exception
 * set, SIOCATMARK and SIGURG tell of it; an older urgent byte becomes ordinary data
 * (tcp(7), socket(7), sockatmark(3)).
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include <linux/filter.h>
#include <linux/sockios.h>
#include <sys/select.h>

static char buffer[64];
static volatile sig_atomic_t urged;

static void on_urgent(int number)
{
	(void)number;
	urged++;
}

static int at_mark(int fd)
{
	int value = -1;

	NEED(ioctl(fd, SIOCATMARK, &value));
	return value;
}

static int unread(int fd)
{
	int value = -1;

	NEED(ioctl(fd, FIONREAD, &value));
	return value;
}

static int exceptional(int fd)
{
	struct timeval now = { 0, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return NEED(select(fd + 1, NULL, NULL, &set, &now));
}

/* What recv gives is exactly this text. */
static int gives(int fd, int flags, const char *text)
{
	ssize_t len = recv(fd, buffer, sizeof buffer, flags | MSG_DONTWAIT);

	return len == (ssize_t)strlen(text) && memcmp(buffer, text, len) == 0;
}

static void beside(struct pair pair)
{
	struct msghdr message = { 0 };
	struct iovec part = { buffer, sizeof buffer };

	FAILS(recv(pair.server, buffer, 1, MSG_OOB), EINVAL);
	WANT(at_mark(pair.server), 0);
	WANT(exceptional(pair.server), 0);
	WANT(send(pair.client, "a", 1, 0), 1);
	WANT(send(pair.client, "bc", 2, MSG_OOB), 2);
	WANT(send(pair.client, "d", 1, 0), 1);
	CHECK(ready(pair.server, POLLPRI, 2000) & POLLPRI);
	sleep_ms(50);
	WANT(exceptional(pair.server), 1);
	WANT(unread(pair.server), 2);
	WANT(at_mark(pair.server), 0);
	CHECK(gives(pair.server, MSG_PEEK, "ab"));
	CHECK(gives(pair.server, 0, "ab"));
	WANT(at_mark(pair.server), 1);
	WANT(unread(pair.server), 0);
	CHECK(gives(pair.server, MSG_OOB | MSG_PEEK, "c"));
	CHECK(ready(pair.server, POLLIN | POLLPRI, 0) == (POLLIN | POLLPRI));
	message.msg_iov = &part;
	message.msg_iovlen = 1;
	WANT(recvmsg(pair.server, &message, MSG_OOB), 1);
	WANT(buffer[0], 'c');
	CHECK(message.msg_flags & MSG_OOB);
	FAILS(recv(pair.server, buffer, 1, MSG_OOB), EINVAL);
	CHECK(!(ready(pair.server, POLLPRI, 0) & POLLPRI));
	WANT(at_mark(pair.server), 1);
	CHECK(gives(pair.server, 0, "d"));
	WANT(at_mark(pair.server), 0);
}

static void lost(struct pair pair)
{
	/* Reading on drops an urgent byte that nobody asked for. */
	WANT(send(pair.client, "xyz", 3, MSG_OOB), 3);
	WANT(send(pair.client, "after", 5, 0), 5);
	sleep_ms(50);
	CHECK(gives(pair.server, 0, "xy"));
	CHECK(gives(pair.server, 0, "after"));
	FAILS(recv(pair.server, buffer, 1, MSG_OOB), EINVAL);

	/* The urgent byte alone is nothing to read. */
	WANT(send(pair.client, "!", 1, MSG_OOB), 1);
	CHECK(ready(pair.server, POLLPRI, 2000) & POLLPRI);
	CHECK(!(ready(pair.server, POLLIN, 0) & POLLIN));
	WANT(unread(pair.server), 0);
	FAILS(recv(pair.server, buffer, 1, MSG_DONTWAIT), EAGAIN);
	FAILS(recv(pair.server, buffer, 1, MSG_OOB), EINVAL);

	/* The second one makes the first ordinary. */
	WANT(send(pair.client, "12", 2, MSG_OOB), 2);
	WANT(send(pair.client, "34", 2, MSG_OOB), 2);
	sleep_ms(50);
	CHECK(gives(pair.server, MSG_OOB, "4"));
	CHECK(gives(pair.server, 0, "123"));
	FAILS(recv(pair.server, buffer, 1, MSG_DONTWAIT), EAGAIN);

	/* A reader at the mark does not get the old byte when a new one comes. */
	WANT(send(pair.client, "pq", 2, MSG_OOB), 2);
	sleep_ms(50);
	CHECK(gives(pair.server, 0, "p"));
	WANT(send(pair.client, "rs", 2, MSG_OOB), 2);
	sleep_ms(50);
	CHECK(gives(pair.server, 0, "r"));
	CHECK(gives(pair.server, MSG_OOB, "s"));

	/* MSG_WAITALL stops there too; MSG_PEEK sees past a mark that it stands at. */
	WANT(send(pair.client, "wu", 2, MSG_OOB), 2);
	WANT(send(pair.client, "rest", 4, 0), 4);
	sleep_ms(50);
	WANT(recv(pair.server, buffer, 5, MSG_WAITALL), 1);
	CHECK(gives(pair.server, MSG_PEEK, "rest"));
	WANT(at_mark(pair.server), 1);
	CHECK(gives(pair.server, 0, "rest"));
}

static void inside(struct pair pair)
{
	set_int(pair.server, SOL_SOCKET, SO_OOBINLINE, 1);
	WANT(get_int(pair.server, SOL_SOCKET, SO_OOBINLINE), 1);
	WANT(send(pair.client, "abc", 3, MSG_OOB), 3);
	WANT(send(pair.client, "de", 2, 0), 2);
	CHECK(ready(pair.server, POLLPRI, 2000) & POLLPRI);
	sleep_ms(50);
	FAILS(recv(pair.server, buffer, 1, MSG_OOB), EINVAL);
	WANT(unread(pair.server), 5);
	CHECK(gives(pair.server, 0, "ab"));
	WANT(at_mark(pair.server), 1);
	CHECK(gives(pair.server, 0, "cde"));
	WANT(at_mark(pair.server), 0);
	set_int(pair.server, SOL_SOCKET, SO_OOBINLINE, 0);
}

static void signalled(struct pair pair)
{
	struct sigaction action = { .sa_handler = on_urgent };

	NEED(sigaction(SIGURG, &action, NULL));
	urged = 0;
	WANT(send(pair.client, "!", 1, MSG_OOB), 1);
	sleep_ms(50);
	WANT(urged, 0);
	WANT(fcntl(pair.server, F_SETOWN, getpid()), 0);
	WANT(send(pair.client, "?", 1, MSG_OOB), 1);
	for (int i = 0; i < 40 && !urged; i++)
		sleep_ms(50);
	WANT(urged, 1);
	WANT(send(pair.client, "no", 2, 0), 2);
	sleep_ms(50);
	WANT(urged, 1);
	close(pair.client);
	CHECK(ready(pair.server, POLLIN | POLLRDHUP, 2000) & POLLRDHUP);
	WANT(urged, 1);
}

static void all(struct pair pair)
{
	beside(pair);
	lost(pair);
	inside(pair);
	signalled(pair);
	close(pair.server);
}

static void test(int family)
{
	struct sock_filter accept_all = BPF_STMT(BPF_RET | BPF_K, 0x40000);
	struct sock_fprog program = { 1, &accept_all };
	int filtered;

	all(tcp_pair(family));
	/* While a filter is about, data may take another way through the kernel. */
	filtered = NEED(socket(family, SOCK_STREAM, 0));
	NEED(setsockopt(filtered, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
	all(tcp_pair(family));
	close(filtered);
}

int main(void)
{
	for_both(test);
	FAILS(recv(NEED(socket(AF_INET, SOCK_STREAM, 0)), buffer, 1, MSG_OOB), EINVAL);
	FAILS(send(NEED(socket(AF_INET, SOCK_STREAM, 0)), "x", 1, MSG_OOB | MSG_NOSIGNAL), EPIPE);
	return done();
}
