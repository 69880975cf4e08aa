/*
 * Which wrong argument a socket call complains of when several are wrong: the
 * descriptor before all, then as each man page's errors come in Linux.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <sys/syscall.h>

/* Descriptors: none, no socket, TCP, UDP, UNIX stream. */
enum fd { BAD, FILE_, TCP, UDP, UNIX };

static int fds[5];
static struct sockaddr_in somewhere;
static socklen_t good = sizeof somewhere, negative = -1;
static struct msghdr empty, wrong_iov, wrong_name;
static struct iovec bad_iovec, one_iovec;
static char byte;

#define NOWHERE ((long)nowhere)
#define P(x) ((long)&(x))

static void table(void)
{
	const struct {
		const char *what;
		long number;
		enum fd fd;
		long a[5];
		int error;
	} rows[] = {
#define C(call, fd, error, ...) { #call " " #fd " (" #__VA_ARGS__ ")", SYS_##call, fd, { __VA_ARGS__ }, error }
		C(bind, BAD, EBADF, NOWHERE, -1),
		C(bind, FILE_, ENOTSOCK, NOWHERE, -1),
		C(bind, TCP, EINVAL, NOWHERE, -1),
		C(bind, TCP, EINVAL, NOWHERE, 129),
		C(bind, TCP, EFAULT, NOWHERE, 16),
		C(bind, TCP, EINVAL, P(somewhere), 0),
		C(bind, TCP, EINVAL, P(somewhere), 15),
		C(connect, BAD, EBADF, NOWHERE, -1),
		C(connect, FILE_, EINVAL, NOWHERE, -1),
		C(connect, FILE_, ENOTSOCK, P(somewhere), 16),
		C(connect, TCP, EINVAL, NOWHERE, -1),
		C(connect, TCP, EFAULT, NOWHERE, 16),
		C(connect, TCP, EINVAL, P(somewhere), 1),
		C(connect, UDP, EINVAL, P(somewhere), 8),
		C(listen, BAD, EBADF, -1),
		C(listen, FILE_, ENOTSOCK, -1),
		C(listen, UDP, EOPNOTSUPP, -1),
		C(accept4, BAD, EBADF, NOWHERE, NOWHERE, 1),
		C(accept4, BAD, EBADF, NOWHERE, NOWHERE, 0),
		C(accept4, FILE_, ENOTSOCK, NOWHERE, NOWHERE, 0),
		C(accept4, FILE_, EINVAL, NOWHERE, NOWHERE, 1),
		C(accept4, TCP, EINVAL, NOWHERE, NOWHERE, 0),
		C(accept4, UDP, EOPNOTSUPP, NOWHERE, NOWHERE, 0),
		C(getsockname, BAD, EBADF, NOWHERE, NOWHERE),
		C(getsockname, FILE_, ENOTSOCK, NOWHERE, NOWHERE),
		C(getsockname, TCP, EFAULT, NOWHERE, NOWHERE),
		C(getsockname, TCP, EINVAL, NOWHERE, P(negative)),
		C(getsockname, TCP, EFAULT, NOWHERE, P(good)),
		C(getpeername, TCP, ENOTCONN, NOWHERE, NOWHERE),
		C(getpeername, TCP, ENOTCONN, NOWHERE, P(negative)),
		C(shutdown, BAD, EBADF, 3),
		C(shutdown, FILE_, ENOTSOCK, 3),
		C(shutdown, TCP, EINVAL, 3),
		C(shutdown, UDP, EINVAL, -1),
		C(setsockopt, BAD, EBADF, 1, 2, NOWHERE, 4),
		C(setsockopt, BAD, EBADF, 1, 2, NOWHERE, -1),
		C(setsockopt, FILE_, ENOTSOCK, 1, 2, NOWHERE, 4),
		C(setsockopt, TCP, EINVAL, 1, 2, NOWHERE, -1),
		C(setsockopt, TCP, EINVAL, 1, 2, NOWHERE, 3),
		C(setsockopt, TCP, EFAULT, 1, 2, NOWHERE, 4),
		C(setsockopt, TCP, EFAULT, 1, 9999, NOWHERE, 4),
		C(setsockopt, TCP, ENOPROTOOPT, 9999, 1, NOWHERE, 4),
		C(setsockopt, UNIX, EOPNOTSUPP, 9999, 1, NOWHERE, 4),
		C(getsockopt, BAD, EBADF, 1, 2, NOWHERE, NOWHERE),
		C(getsockopt, FILE_, ENOTSOCK, 1, 2, NOWHERE, NOWHERE),
		C(getsockopt, TCP, EFAULT, 1, 9999, NOWHERE, NOWHERE),
		C(getsockopt, TCP, EINVAL, 1, 9999, NOWHERE, P(negative)),
		C(getsockopt, TCP, ENOPROTOOPT, 1, 9999, NOWHERE, P(good)),
		C(getsockopt, TCP, EOPNOTSUPP, 9999, 1, NOWHERE, NOWHERE),
		C(sendto, BAD, EBADF, NOWHERE, 1, 0, NOWHERE, 16),
		C(sendto, FILE_, ENOTSOCK, NOWHERE, 1, 0, NOWHERE, 16),
		C(sendto, UDP, EFAULT, P(byte), 1, 0, NOWHERE, 16),
		C(sendto, UDP, EINVAL, P(byte), 1, 0, NOWHERE, -1),
		C(sendto, UDP, EINVAL, NOWHERE, 1, 0, P(somewhere), 8),
		C(sendto, UDP, EDESTADDRREQ, NOWHERE, 1, 0, 0, 0),
		C(sendto, TCP, EPIPE, NOWHERE, 1, MSG_NOSIGNAL, 0, 0),
		C(recvfrom, BAD, EBADF, NOWHERE, 1, 0, 0, 0),
		C(recvfrom, FILE_, ENOTSOCK, NOWHERE, 1, 0, 0, 0),
		C(recvfrom, TCP, ENOTCONN, NOWHERE, 1, 0, 0, 0),
		C(recvfrom, UDP, EAGAIN, NOWHERE, 1, MSG_DONTWAIT, 0, 0),
		C(sendmsg, BAD, EBADF, NOWHERE, 0),
		C(sendmsg, FILE_, ENOTSOCK, NOWHERE, 0),
		C(sendmsg, UDP, EFAULT, NOWHERE, 0),
		C(sendmsg, UDP, EMSGSIZE, P(wrong_iov), 0),
		C(sendmsg, UDP, EINVAL, P(wrong_name), 0),
		C(recvmsg, BAD, EBADF, NOWHERE, 0),
		C(recvmsg, UDP, EFAULT, NOWHERE, 0),
		C(recvmsg, UDP, EMSGSIZE, P(wrong_iov), MSG_DONTWAIT),
		C(recvmsg, UDP, EAGAIN, P(empty), MSG_DONTWAIT),
		C(sendmmsg, BAD, EBADF, NOWHERE, 1, 0),
		C(sendmmsg, UDP, EFAULT, NOWHERE, 1, 0),
		C(recvmmsg, BAD, EBADF, NOWHERE, 1, 0, 0),
		C(recvmmsg, UDP, EFAULT, NOWHERE, 1, MSG_DONTWAIT, 0),
		C(recvmmsg, BAD, EFAULT, NOWHERE, 1, 0, NOWHERE),
		C(shutdown, TCP, ENOTCONN, 0),
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const long *a = rows[i].a;
		long got = syscall(rows[i].number, (long)fds[rows[i].fd], a[0], a[1], a[2], a[3], a[4]);
		int error = got == -1 ? errno : 0;
		char text[256];

		snprintf(text, sizeof text, "%s: %s", rows[i].what, check_errno(rows[i].error));
		check_report(error == rows[i].error, text, got, error, __FILE__, __LINE__);
	}
}

int main(void)
{
	fds[BAD] = -1;
	fds[FILE_] = NEED(open("/dev/null", O_RDWR));
	fds[TCP] = NEED(socket(AF_INET, SOCK_STREAM, 0));
	fds[UDP] = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	fds[UNIX] = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	somewhere = loopback(AF_INET, 9).v4;
	bad_iovec = (struct iovec){ nowhere, 1 };
	one_iovec = (struct iovec){ &byte, 1 };
	empty = (struct msghdr){ .msg_iov = &one_iovec, .msg_iovlen = 1 };
	wrong_iov = (struct msghdr){ .msg_iov = &bad_iovec, .msg_iovlen = 1025 };
	wrong_name = (struct msghdr){ .msg_name = nowhere, .msg_namelen = -1, .msg_iov = &bad_iovec, .msg_iovlen = 1 };
	table();
	return done();
}
