/*
 * sendfile, splice, tee, vmsplice, readv, writev, preadv2 and pwritev2 on sockets: which wrong argument is complained of,
 * and what a socket takes. sendfile(2), splice(2), tee(2), vmsplice(2), readv(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <sys/sendfile.h>

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20
#endif

int main(void)
{
	struct pair tcp = tcp_pair(AF_INET), udp = udp_pair(AF_INET);
	char name[] = "/tmp/splice_checks.XXXXXX", buffer[64];
	int p[2], q[2], s[2], u[2], file = NEED(mkstemp(name));
	volatile int negative = -1, many = 1025;
	off_t offset = 0;
	loff_t at = 0;
	struct iovec io = { buffer, 4 }, two[2] = { { buffer, 2 }, { buffer + 2, 3 } };

	unlink(name);
	NEED(write(file, "0123456789", 10));
	NEED(pipe(p));
	NEED(pipe(q));
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, u));
	memset(buffer, 'z', sizeof buffer);

	/* sendfile */
	FAILS(sendfile(-1, file, NULL, 1), EBADF);
	FAILS(sendfile(tcp.client, -1, NULL, 1), EBADF);
	FAILS(sendfile(tcp.client, tcp.server, NULL, 1), EINVAL);
	FAILS(sendfile(tcp.client, tcp.server, &offset, 1), ESPIPE);
	FAILS(sendfile(tcp.client, file, (off_t *)nowhere, 1), EFAULT);
	offset = -1;
	FAILS(sendfile(tcp.client, file, &offset, 1), EINVAL);
	offset = 5;
	WANT(sendfile(tcp.client, file, &offset, 100), 5);
	WANT(offset, 10);
	WANT(sendfile(tcp.client, file, &offset, 100), 0);
	WANT(sendfile(tcp.client, file, NULL, 0), 0);
	WANT(recv(tcp.server, buffer, sizeof buffer, 0), 5);
	CHECK(memcmp(buffer, "56789", 5) == 0);
	offset = 2;
	WANT(sendfile(udp.client, file, &offset, 4), 4);
	WANT(recv(udp.server, buffer, sizeof buffer, 0), 4);
	offset = 2;
	WANT(sendfile(udp.client, file, &offset, 100), 8);
	WANT(recv(udp.server, buffer, sizeof buffer, 0), 8);
	offset = 0;
	WANT(sendfile(s[0], file, &offset, 3), 3);
	WANT(recv(s[1], buffer, sizeof buffer, 0), 3);

	/* splice */
	FAILS(splice(-1, NULL, p[1], NULL, 1, 0), EBADF);
	WANT(splice(-1, NULL, -1, NULL, 0, 0), 0);
	FAILS(splice(-1, NULL, -1, NULL, 1, 0x100), EINVAL);
	FAILS(splice(tcp.server, NULL, tcp.client, NULL, 1, 0), EINVAL);
	FAILS(splice(tcp.server, &at, p[1], NULL, 1, 0), EINVAL);
	FAILS(splice(p[0], &at, tcp.client, NULL, 1, 0), ESPIPE);
	FAILS(splice(p[0], NULL, tcp.client, &at, 1, 0), EINVAL);
	FAILS(splice(p[1], NULL, tcp.client, NULL, 1, 0), EBADF);
	FAILS(splice(tcp.server, NULL, p[0], NULL, 1, 0), EBADF);
	FAILS(splice(p[0], NULL, p[1], NULL, 1, 0), EINVAL);
	FAILS(splice(p[0], NULL, tcp.client, NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
	FAILS(splice(u[0], NULL, p[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
	/* To other sockets it says nothing: their own flag does. */
	set_nonblocking(tcp.server);
	FAILS(splice(tcp.server, NULL, p[1], NULL, 1, 0), EAGAIN);
	NEED(fcntl(tcp.server, F_SETFL, 0));
	NEED(write(p[1], "abcdef", 6));
	WANT(splice(p[0], NULL, tcp.client, NULL, 100, 0), 6);
	WANT(splice(tcp.server, NULL, p[1], NULL, 100, 0), 6);
	WANT(read(p[0], buffer, sizeof buffer), 6);
	CHECK(memcmp(buffer, "abcdef", 6) == 0);
	NEED(write(p[1], "abc", 3));
	NEED(write(p[1], "def", 3));
	WANT(splice(p[0], NULL, udp.client, NULL, 5, SPLICE_F_MORE), 5);
	FAILS(recv(udp.server, buffer, sizeof buffer, MSG_DONTWAIT), EAGAIN);
	WANT(splice(p[0], NULL, udp.client, NULL, 5, 0), 1);
	WANT(recv(udp.server, buffer, sizeof buffer, 0), 6);
	CHECK(memcmp(buffer, "abcdef", 6) == 0);

	/* tee and vmsplice are about pipes. */
	FAILS(tee(tcp.server, p[1], 1, 0), EINVAL);
	FAILS(tee(p[0], tcp.client, 1, 0), EINVAL);
	FAILS(tee(p[0], q[1], 1, 0x100), EINVAL);
	WANT(tee(-1, -1, 0, 0), 0);
	FAILS(tee(-1, q[1], 1, 0), EBADF);
	FAILS(tee(p[0], p[1], 1, 0), EINVAL);
	FAILS(vmsplice(tcp.client, &io, 1, 0), EBADF);
	FAILS(vmsplice(p[1], &io, 1, 0x100), EINVAL);
	FAILS(vmsplice(p[1], &io, 2000, 0), EINVAL);
	WANT(vmsplice(p[1], &io, 0, 0), 0);
	WANT(vmsplice(p[1], &io, 1, 0), 4);
	WANT(read(p[0], buffer, sizeof buffer), 4);

	/* Vectors. */
	WANT(writev(tcp.client, two, 2), 5);
	WANT(readv(tcp.server, two, 2), 5);
	FAILS(writev(tcp.client, two, negative), EINVAL);
	FAILS(writev(tcp.client, two, many), EINVAL);
	FAILS(writev(tcp.client, (struct iovec *)nowhere, 1), EFAULT);
	WANT(writev(tcp.client, two, 0), 0);
	FAILS(writev(-1, two, negative), EBADF);
	WANT(writev(s[0], two, 2), 5);
	WANT(readv(s[1], two, 1), 2);
	FAILS(pwritev(tcp.client, two, 2, 0), ESPIPE);
	FAILS(preadv(tcp.server, two, 2, 0), ESPIPE);
	FAILS(preadv(tcp.server, two, 2, -1), EINVAL);
	FAILS(pread(tcp.server, buffer, 1, 0), ESPIPE);
	FAILS(preadv2(tcp.server, two, 2, 0, 0), ESPIPE);
	WANT(pwritev2(tcp.client, two, 2, -1, 0), 5);
	WANT(preadv2(tcp.server, two, 2, -1, 0), 5);
	FAILS(preadv2(tcp.server, two, 2, -1, RWF_NOWAIT), EAGAIN);
	FAILS(preadv2(tcp.server, two, 2, -1, 0x4000), EOPNOTSUPP);
	WANT(pwritev2(tcp.client, two, 2, -1, RWF_NOWAIT), 5);
	WANT(preadv2(tcp.server, two, 2, -1, RWF_NOWAIT), 5);
	WANT(pwritev2(tcp.client, two, 2, -1, RWF_DSYNC), 5);
	WANT(recv(tcp.server, buffer, sizeof buffer, 0), 5);
	WANT(pwritev2(tcp.client, two, 2, -1, RWF_APPEND), 5);
	WANT(recv(tcp.server, buffer, sizeof buffer, 0), 5);
	close_pair(tcp);
	close_pair(udp);
	return done();
}
