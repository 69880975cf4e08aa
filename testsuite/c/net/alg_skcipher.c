/*
 * AF_ALG ciphers: an operation and an initialisation vector come with the message, which may come in pieces.
 * Documentation/crypto/userspace-if.rst; NIST SP 800-38A, appendix F.
 * Agrees: Linux 7.2 (riscv64).
 */
#include "alg.h"

static const unsigned char key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
static const unsigned char plain[32] = { 0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
	0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51 };
static const unsigned char cbc[32] = { 0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46, 0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d,
	0x50, 0x86, 0xcb, 0x9b, 0x50, 0x72, 0x19, 0xee, 0x95, 0xdb, 0x11, 0x3a, 0x91, 0x76, 0x78, 0xb2 };

int main(void)
{
	unsigned char iv[16], out[64];
	int bound = alg_bind("skcipher", "cbc(aes)"), fd = NEED(accept(bound, NULL, NULL));

	for (int i = 0; i < 16; i++)
		iv[i] = i;
	FAILS(alg_send(fd, ALG_OP_ENCRYPT, iv, 16, -1, plain, 32, 0), ENOKEY);
	FAILS(recv(fd, out, 32, MSG_DONTWAIT), ENOKEY);
	FAILS(setsockopt(bound, SOL_ALG, ALG_SET_KEY, key, 15), EINVAL);
	FAILS(setsockopt(bound, SOL_ALG, ALG_SET_AEAD_AUTHSIZE, NULL, 16), ENOPROTOOPT);
	WANT(setsockopt(bound, SOL_ALG, ALG_SET_KEY, key, 16), 0);
	FAILS(recv(fd, out, 32, MSG_DONTWAIT), EAGAIN);
	FAILS(accept(fd, NULL, NULL), EOPNOTSUPP);

	WANT(alg_send(fd, ALG_OP_ENCRYPT, iv, 16, -1, plain, 32, 0), 32);
	WANT(recv(fd, out, 32, 0), 32);
	CHECK(!memcmp(out, cbc, 32));
	WANT(alg_send(fd, ALG_OP_DECRYPT, iv, 16, -1, cbc, 32, 0), 32);
	WANT(recv(fd, out, 32, 0), 32);
	CHECK(!memcmp(out, plain, 32));
	/* In pieces, read while it goes on: whole blocks only. */
	WANT(alg_send(fd, ALG_OP_ENCRYPT, iv, 16, -1, plain, 20, MSG_MORE), 20);
	WANT(recv(fd, out, 16, 0), 16);
	CHECK(!memcmp(out, cbc, 16));
	FAILS(recv(fd, out, 16, MSG_DONTWAIT), EAGAIN);
	WANT(send(fd, plain + 20, 12, 0), 12);
	WANT(recv(fd, out, 16, 0), 16);
	CHECK(!memcmp(out, cbc + 16, 16));
	/* In two reads. */
	WANT(alg_send(fd, ALG_OP_ENCRYPT, iv, 16, -1, plain, 32, 0), 32);
	WANT(recv(fd, out, 16, 0), 16);
	WANT(recv(fd, out + 16, 16, 0), 16);
	CHECK(!memcmp(out, cbc, 32));
	/* A complete message has to be read first. */
	WANT(alg_send(fd, ALG_OP_ENCRYPT, iv, 16, -1, plain, 32, 0), 32);
	FAILS(alg_send(fd, ALG_OP_ENCRYPT, iv, 16, -1, plain, 32, 0), EINVAL);
	FAILS(recv(fd, out, 15, 0), EINVAL);
	WANT(recv(fd, out, 32, 0), 32);
	/* No whole block. */
	WANT(alg_send(fd, ALG_OP_ENCRYPT, iv, 16, -1, plain, 15, 0), 15);
	FAILS(recv(fd, out, 15, 0), EINVAL);
	/* Orders that make no sense. */
	FAILS(alg_send(fd, 2, iv, 16, -1, plain, 32, 0), EINVAL);
	FAILS(alg_send(fd, ALG_OP_ENCRYPT, iv, 12, -1, plain, 32, 0), EINVAL);

	/* A stream cipher takes any length. */
	bound = alg_bind("skcipher", "ctr(aes)");
	WANT(setsockopt(bound, SOL_ALG, ALG_SET_KEY, key, 16), 0);
	fd = NEED(accept(bound, NULL, NULL));
	WANT(alg_send(fd, ALG_OP_ENCRYPT, iv, 16, -1, plain, 21, 0), 21);
	WANT(recv(fd, out, 21, 0), 21);
	WANT(alg_send(fd, ALG_OP_DECRYPT, iv, 16, -1, out, 21, 0), 21);
	WANT(recv(fd, out, 21, 0), 21);
	CHECK(!memcmp(out, plain, 21));
	/* XTS wants two keys. */
	bound = alg_bind("skcipher", "xts(aes)");
	FAILS(setsockopt(bound, SOL_ALG, ALG_SET_KEY, key, 16), EINVAL);
	WANT(setsockopt(bound, SOL_ALG, ALG_SET_KEY, plain, 32), 0);
	return done();
}
