/*
 * sendfile(2), splice(2), tee(2), vmsplice(2), copy_file_range(2).
 * Agrees: Linux 6.18.
 */
#include "check.h"
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

static char buf[200000];

int main(void)
{
	char in_name[] = "/tmp/check_in_XXXXXX", out_name[] = "/tmp/check_out_XXXXXX";
	int in = NEED(mkstemp(in_name)), out = NEED(mkstemp(out_name)), p[2], q[2], s[2];
	off_t at;
	loff_t from, to;
	size_t total = 0;
	ssize_t n;
	struct iovec iov;

	for (size_t i = 0; i < sizeof buf; i++)
		buf[i] = i * 31 + i / 256;
	NEED(write(in, buf, sizeof buf));
	NEED(lseek(in, 0, SEEK_SET));
	WANT(sendfile(out, in, NULL, 1000), 1000);
	WANT(lseek(in, 0, SEEK_CUR), 1000);
	at = 5000;
	WANT(sendfile(out, in, &at, 1 << 20), (long)sizeof buf - 5000);
	WANT(at, (long)sizeof buf);
	WANT(lseek(in, 0, SEEK_CUR), 1000);
	WANT(lseek(out, 0, SEEK_CUR), 1000 + (long)sizeof buf - 5000);
	WANT(sendfile(out, in, &at, 100), 0);
	NEED(pipe(p));
	NEED(pipe2(q, O_NONBLOCK));
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	FAILS(sendfile(out, p[0], NULL, 1), EINVAL);
	FAILS(sendfile(p[0], in, NULL, 1), EBADF);
	at = -1;
	FAILS(sendfile(out, in, &at, 1), EINVAL);

	from = 10;
	WANT(splice(in, &from, p[1], NULL, 100, 0), 100);
	WANT(from, 110);
	WANT(tee(p[0], q[1], 60, 0), 60);
	to = 50000;
	WANT(splice(p[0], NULL, out, &to, 1000, 0), 100);
	WANT(to, 50100);
	NEED(pread(out, buf + 100000, 100, 50000));
	CHECK(!memcmp(buf + 10, buf + 100000, 100));
	WANT(splice(q[0], NULL, p[1], NULL, 20, 0), 20);
	WANT(read(p[0], buf + 100000, 100), 20);
	CHECK(!memcmp(buf + 10, buf + 100000, 20));
	WANT(read(q[0], buf + 100000, 100), 40);
	FAILS(splice(q[0], NULL, p[1], NULL, 20, 0), EAGAIN);
	FAILS(splice(p[0], NULL, q[1], NULL, 20, SPLICE_F_NONBLOCK), EAGAIN);
	FAILS(splice(p[0], NULL, p[1], NULL, 20, 0), EINVAL);
	FAILS(splice(in, NULL, out, NULL, 20, 0), EINVAL);
	FAILS(splice(p[0], &from, out, NULL, 20, 0), ESPIPE);
	FAILS(splice(in, NULL, p[1], NULL, 20, 0x100), EINVAL);
	WANT(splice(in, NULL, p[1], NULL, 0, 0), 0);
	FAILS(tee(in, p[1], 1, 0), EINVAL);

	NEED(write(s[0], "from the socket", 15));
	WANT(splice(s[1], NULL, p[1], NULL, 100, 0), 15);
	WANT(splice(p[0], NULL, s[1], NULL, 100, 0), 15);
	WANT(read(s[0], buf + 100000, 100), 15);
	CHECK(!memcmp(buf + 100000, "from the socket", 15));
	at = 0;
	WANT(sendfile(s[0], in, &at, 3000), 3000);
	WANT(recv(s[1], buf + 100000, 5000, 0), 3000);
	CHECK(!memcmp(buf, buf + 100000, 3000));

	iov = (struct iovec){ "vector", 6 };
	WANT(vmsplice(p[1], &iov, 1, 0), 6);
	iov = (struct iovec){ buf + 100000, 100 };
	WANT(vmsplice(p[0], &iov, 1, 0), 6);
	FAILS(vmsplice(in, &iov, 1, 0), EBADF);

	NEED(ftruncate(out, 0));
	NEED(lseek(out, 0, SEEK_SET));
	from = 0;
	while (total < 100000 && (n = copy_file_range(in, &from, out, NULL, 100000 - total, 0)) > 0)
		total += n;
	WANT(total, 100000);
	WANT(lseek(out, 0, SEEK_CUR), 100000);
	FAILS(copy_file_range(in, NULL, out, NULL, 10, 1), EINVAL);
	FAILS(copy_file_range(p[0], NULL, out, NULL, 10, 0), EINVAL);
	from = 0, to = 5;
	FAILS(copy_file_range(in, &from, in, &to, 10, 0), EINVAL);
	unlink(in_name);
	unlink(out_name);
	return done();
}
