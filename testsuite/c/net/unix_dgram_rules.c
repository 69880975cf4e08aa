/*
 * AF_UNIX datagram and packet sockets: who may send to whom, what a peer's close and shutdown(2) do, how much fits,
 * autobind, SIOCUNIXFILE. unix(7), send(2), shutdown(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <linux/sockios.h>
#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE (SIOCPROTOPRIVATE + 0)
#endif

static struct sockaddr_un name_at(int fd, socklen_t *length)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	*length = sizeof name;
	NEED(getsockname(fd, (struct sockaddr *)&name, length));
	return name;
}

/* A datagram socket with a name of the kernel's choice. */
static int named(struct sockaddr_un *name, socklen_t *length)
{
	struct sockaddr_un none = { .sun_family = AF_UNIX };
	int fd = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));

	NEED(bind(fd, (struct sockaddr *)&none, sizeof none.sun_family));
	*name = name_at(fd, length);
	return fd;
}

static int to(int fd, struct sockaddr_un *name, socklen_t length)
{
	return sendto(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)name, length);
}

static void autobind(void)
{
	struct sockaddr_un name, again;
	socklen_t length, other;
	int fd = named(&name, &length), on = 1, byte, stranger;

	WANT(length, sizeof name.sun_family + 6);
	WANT(name.sun_path[0], 0);
	WANT(strspn(name.sun_path + 1, "0123456789abcdef") >= 5, 1);
	/* A second time nothing happens. */
	WANT(bind(fd, (struct sockaddr *)&name, sizeof name.sun_family), 0);
	again = name_at(fd, &other);
	CHECK(other == length && memcmp(&again, &name, length) == 0);
	FAILS(bind(fd, (struct sockaddr *)&name, length), EINVAL);
	/* With SO_PASSCRED sending and connecting names the socket. */
	stranger = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));
	WANT(to(stranger, &name, length), 1);
	name_at(stranger, &other);
	WANT(other, sizeof name.sun_family);
	NEED(setsockopt(stranger, SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
	WANT(to(stranger, &name, length), 1);
	name_at(stranger, &other);
	WANT(other, sizeof name.sun_family + 6);
	WANT(recv(fd, &byte, 1, 0), 1);
	close(stranger);
	close(fd);
}

static void partners(void)
{
	struct sockaddr_un a_name, b_name, c_name;
	socklen_t a_length, b_length, c_length;
	int a = named(&a_name, &a_length), b = named(&b_name, &b_length), c = named(&c_name, &c_length), error;
	socklen_t length = sizeof error;
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	/* b answers to a alone. */
	WANT(connect(b, (struct sockaddr *)&a_name, a_length), 0);
	FAILS(to(c, &b_name, b_length), EPERM);
	FAILS(connect(c, (struct sockaddr *)&b_name, b_length), EPERM);
	WANT(to(a, &b_name, b_length), 1);
	WANT(connect(a, (struct sockaddr *)&b_name, b_length), 0);
	/* An address may still be given. */
	WANT(to(a, &c_name, c_length), 1);
	/* Connecting elsewhere empties the queue and tells the old partner. */
	NEED(send(a, "y", 1, 0));
	WANT(connect(b, (struct sockaddr *)&c_name, c_length), 0);
	FAILS(recv(b, &error, 1, MSG_DONTWAIT), EAGAIN);
	WANT(getsockopt(a, SOL_SOCKET, SO_ERROR, &error, &length), 0);
	WANT(error, ECONNRESET);
	FAILS(send(a, "y", 1, 0), EPERM);
	WANT(connect(b, &none, sizeof none), 0);
	WANT(send(a, "y", 1, 0), 1);
	FAILS(send(b, "y", 1, 0), ENOTCONN);
	/* A closed partner refuses once; then there is none. */
	close(b);
	FAILS(send(a, "y", 1, 0), ECONNREFUSED);
	FAILS(send(a, "y", 1, 0), ENOTCONN);
	FAILS(to(a, &b_name, b_length), ECONNREFUSED);
	close(a);
	close(c);
}

static void shut(void)
{
	int s[2], byte;
	struct pollfd p;

	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	NEED(send(s[0], "x", 1, 0));
	WANT(shutdown(s[1], SHUT_RD), 0);
	FAILS(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(recv(s[1], &byte, 1, 0), 1);
	WANT(recv(s[1], &byte, 1, 0), 0);
	FAILS(recv(s[1], &byte, 1, MSG_DONTWAIT), EAGAIN);
	WANT(shutdown(s[1], SHUT_WR), 0);
	FAILS(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	p = (struct pollfd){ s[1], POLLIN | POLLOUT | POLLRDHUP, 0 };
	WANT(poll(&p, 1, 0), 1);
	WANT(p.revents, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	FAILS(shutdown(s[1], 3), EINVAL);
	close(s[0]);
	close(s[1]);
	/* A datagram partner's close is an error at the other side only when something was lost. */
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	close(s[0]);
	p = (struct pollfd){ s[1], POLLIN | POLLOUT, 0 };
	WANT(poll(&p, 1, 0), 1);
	WANT(p.revents, POLLOUT);
	FAILS(send(s[1], "x", 1, MSG_NOSIGNAL), ECONNREFUSED);
	close(s[1]);
	s[0] = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	WANT(shutdown(s[0], SHUT_RDWR), 0);
	FAILS(send(s[0], "x", 1, MSG_NOSIGNAL), ENOTCONN);
	close(s[0]);
	/* Shut on one side, a stream's other side sees the end or a broken pipe. */
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	WANT(shutdown(s[0], SHUT_RD), 0);
	FAILS(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(send(s[0], "x", 1, 0), 1);
	p = (struct pollfd){ s[1], POLLIN | POLLOUT | POLLRDHUP, 0 };
	WANT(poll(&p, 1, 0), 1);
	WANT(p.revents, POLLIN | POLLOUT);
	WANT(recv(s[1], &byte, 1, 0), 1);
	WANT(shutdown(s[0], SHUT_WR), 0);
	WANT(recv(s[1], &byte, 1, 0), 0);
	WANT(poll(&p, 1, 0), 1);
	WANT(p.revents, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	close(s[0]);
	close(s[1]);
}

static void packets(void)
{
	int s[2];
	char byte[4], big[300];
	struct iovec io = { byte, 2 };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1 };

	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	WANT(send(s[0], "abcd", 4, 0), 4);
	WANT(send(s[0], "ef", 2, MSG_EOR), 2);
	WANT(send(s[0], "", 0, 0), 0);
	WANT(send(s[0], big, sizeof big, 0), sizeof big);
	WANT(recvmsg(s[1], &message, MSG_PEEK), 2);
	WANT(message.msg_flags, MSG_TRUNC);
	WANT(recvmsg(s[1], &message, MSG_TRUNC), 4);
	WANT(message.msg_flags, MSG_TRUNC);
	WANT(recvmsg(s[1], &message, 0), 2);
	/* Records have an end each; it is not said. */
	WANT(message.msg_flags, 0);
	WANT(recvmsg(s[1], &message, 0), 0);
	WANT(recv(s[1], big, 1, MSG_TRUNC), sizeof big);
	close(s[0]);
	WANT(recv(s[1], big, 1, 0), 0);
	FAILS(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	close(s[1]);
	/* An address that is given is not looked at. */
	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	WANT(sendto(s[0], "x", 1, 0, (struct sockaddr *)"??????", 6), 1);
	close(s[0]);
	close(s[1]);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	FAILS(sendto(s[0], "x", 1, 0, (struct sockaddr *)"??????", 6), EISCONN);
	close(s[0]);
	close(s[1]);
}

static void sizes(void)
{
	int s[2], small = 1, got, count = 0;
	socklen_t length = sizeof got;
	static char big[10000];

	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	NEED(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
	NEED(getsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &got, &length));
	WANT(got, 4608);
	WANT(send(s[0], big, got - 32, MSG_DONTWAIT), got - 32);
	FAILS(send(s[0], big, got - 31, MSG_DONTWAIT), EMSGSIZE);
	FAILS(send(s[0], big, 1, MSG_DONTWAIT), EAGAIN);
	close(s[0]);
	close(s[1]);
	/* net.unix.max_dgram_qlen counts for strangers, and one more fits. */
	{
		struct sockaddr_un name;
		socklen_t name_length;
		FILE *file = fopen("/proc/sys/net/unix/max_dgram_qlen", "r");
		int most = 0, fd = named(&name, &name_length), stranger = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));

		CHECK(file && fscanf(file, "%d", &most) == 1);
		if (file)
			fclose(file);
		while (count < 1000 && to(stranger, &name, name_length) == 1)
			count++;
		FAILS(to(stranger, &name, name_length), EAGAIN);
		WANT(count, most + 1);
		close(stranger);
		close(fd);
	}
}

static void file_behind(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), path;
	char link[64], target[256] = "";

	snprintf(name.sun_path, sizeof name.sun_path, "/tmp/unix_dgram_rules.%d", getpid());
	FAILS(ioctl(fd, SIOCUNIXFILE), ENOENT);
	NEED(bind(fd, (struct sockaddr *)&name, sizeof name));
	path = ioctl(fd, SIOCUNIXFILE);
	if (getuid() == 0) {
		CHECK(path >= 0);
		WANT(fcntl(path, F_GETFD), FD_CLOEXEC);
		WANT(fcntl(path, F_GETFL) & O_PATH, O_PATH);
		snprintf(link, sizeof link, "/proc/self/fd/%d", path);
		NEED(readlink(link, target, sizeof target - 1));
		CHECK(strcmp(target, name.sun_path) == 0);
		close(path);
	} else {
		WANT(path, -1);
	}
	close(fd);
	unlink(name.sun_path);
	fd = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));
	NEED(bind(fd, (struct sockaddr *)&name, sizeof name.sun_family));
	FAILS(ioctl(fd, SIOCUNIXFILE), ENOENT);
	close(fd);
}

int main(void)
{
	autobind();
	partners();
	shut();
	packets();
	sizes();
	file_behind();
	return done();
}
