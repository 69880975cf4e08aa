/*
 * sendfile(2) and splice(2) into AF_ALG: the pieces of a long file are one message. Linux, Documentation/crypto/userspace-if.
 * Agrees: Linux 6.18, 7.2.
 */
#include "alg.h"

#include <fcntl.h>
#include <sys/sendfile.h>

#define SIZE 300000

static unsigned char bytes[SIZE], expected[32], got[32];

static void digest(int fd, size_t length, unsigned char *out)
{
	size_t at = 0;

	while (at < length) {
		size_t piece = length - at < 4096 ? length - at : 4096;

		NEED(send(fd, bytes + at, piece, at + piece < length ? MSG_MORE : 0));
		at += piece;
	}
	NEED(read(fd, out, 32));
}

int main(void)
{
	char name[] = "/tmp/alg_sendfile.XXXXXX";
	int bound = alg_bind("hash", "sha256"), fd = NEED(accept(bound, NULL, NULL)), file = NEED(mkstemp(name)), p[2];
	off_t offset = 0;
	size_t done_bytes = 0;

	unlink(name);
	for (int i = 0; i < SIZE; i++)
		bytes[i] = i * 7 + i / 251;
	NEED(write(file, bytes, SIZE));

	digest(fd, SIZE, expected);
	WANT(sendfile(fd, file, &offset, SIZE), SIZE);
	WANT(read(fd, got, sizeof got), 32);
	CHECK(memcmp(got, expected, 32) == 0);
	/* More is asked for than there is. */
	offset = 0;
	WANT(sendfile(fd, file, &offset, 2 * SIZE), SIZE);
	WANT(read(fd, got, sizeof got), 32);
	CHECK(memcmp(got, expected, 32) == 0);
	/* Two halves are two messages; the result is of the last one. */
	offset = 0;
	WANT(sendfile(fd, file, &offset, 100000), 100000);
	WANT(sendfile(fd, file, &offset, 200000), 200000);
	WANT(read(fd, got, sizeof got), 32);
	CHECK(memcmp(got, expected, 32) != 0);

	/* By hand over a pipe: SPLICE_F_MORE says that it goes on. */
	NEED(pipe(p));
	offset = 0;
	while (done_bytes < SIZE) {
		ssize_t in = NEED(splice(file, &offset, p[1], NULL, SIZE - done_bytes < 16384 ? SIZE - done_bytes : 16384, 0));

		done_bytes += in;
		NEED(splice(p[0], NULL, fd, NULL, in, done_bytes < SIZE ? SPLICE_F_MORE : 0));
	}
	WANT(read(fd, got, sizeof got), 32);
	CHECK(memcmp(got, expected, 32) == 0);
	/* The same without it: each piece is a message. */
	digest(fd, 5000, expected);
	NEED(write(p[1], bytes, 5000));
	WANT(splice(p[0], NULL, fd, NULL, 5000, 0), 5000);
	WANT(read(fd, got, sizeof got), 32);
	CHECK(memcmp(got, expected, 32) == 0);
	return done();
}
