/*
 * AF_ALG hashes: in one piece, in pieces (MSG_MORE), of nothing, copied by accept(2); keyed ones need their key.
 * Documentation/crypto/userspace-if.rst.
 * Agrees: Linux 7.2 (riscv64).
 */
#include "alg.h"

static int is(int fd, const char *hex)
{
	unsigned char sum[64];
	char text[129];
	ssize_t got = recv(fd, sum, sizeof sum, 0);

	for (ssize_t i = 0; i < got; i++)
		sprintf(text + 2 * i, "%02x", sum[i]);
	if (got < 0 || strcmp(text, hex))
		printf("# %s, not %s\n", got < 0 ? check_errno(errno) : text, hex);
	return got >= 0 && !strcmp(text, hex);
}

int main(void)
{
	int bound = alg_bind("hash", "sha1"), fd = NEED(accept(bound, NULL, NULL)), copy;
	const char *abc = "a9993e364706816aba3e25717850c26c9cd0d89d";
	const char *empty = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
	struct iovec iov = { NULL, 0 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	char part[10];

	WANT(send(fd, "abc", 3, 0), 3);
	CHECK(is(fd, abc));
	/* A result is read once; without one it is that of nothing. */
	CHECK(is(fd, empty));
	WANT(send(fd, "a", 1, MSG_MORE), 1);
	WANT(send(fd, "b", 1, MSG_MORE), 1);
	/* A copy goes its own way. */
	copy = NEED(accept(fd, NULL, NULL));
	WANT(send(fd, "c", 1, 0), 1);
	CHECK(is(fd, abc));
	WANT(send(copy, "c", 1, MSG_MORE), 1);
	CHECK(is(copy, abc));
	/* Reading ends a message. */
	CHECK(is(copy, empty));
	/* A short buffer. */
	WANT(send(fd, "abc", 3, 0), 3);
	iov = (struct iovec){ part, sizeof part };
	WANT(recvmsg(fd, &message, 0), 10);
	CHECK(message.msg_flags & MSG_TRUNC);
	CHECK((unsigned char)part[0] == 0xa9);
	/* A new message forgets a result that was not read. */
	WANT(send(fd, "x", 1, 0), 1);
	WANT(send(fd, "abc", 3, 0), 3);
	CHECK(is(fd, abc));
	FAILS(send(fd, nowhere, 3, 0), EFAULT);

	/* With a key. */
	bound = alg_bind("hash", "hmac(sha256)");
	fd = NEED(accept(bound, NULL, NULL));
	FAILS(send(fd, "x", 1, 0), ENOKEY);
	FAILS(recv(fd, part, 1, 0), ENOKEY);
	FAILS(accept(fd, NULL, NULL), ENOKEY);
	WANT(setsockopt(bound, SOL_ALG, ALG_SET_KEY, "Jefe", 4), 0);
	WANT(send(fd, "what do ya want for nothing?", 28, 0), 28);
	CHECK(is(fd, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
	/* In use it stays. */
	FAILS(setsockopt(bound, SOL_ALG, ALG_SET_KEY, "Jefe", 4), EBUSY);
	close(fd);
	WANT(setsockopt(bound, SOL_ALG, ALG_SET_KEY, "Jefe", 4), 0);
	FAILS(alg_try_bind(alg_socket(), "hash", "hmac(hmac(md5))"), EINVAL);
	return done();
}
