/*
 * AF_ALG authenticated encryption: associated data, text and tag, both ways; a wrong tag is EBADMSG.
 * Documentation/crypto/userspace-if.rst.
 * Agrees: Linux 7.2 (riscv64).
 */
#include "alg.h"

int main(void)
{
	unsigned char key[16] = { 1, 2, 3 }, iv[12] = { 9 }, in[64] = "associated text to encrypt", sealed[64], out[64];
	int bound = alg_bind("aead", "gcm(aes)"), fd;

	FAILS(setsockopt(bound, SOL_ALG, ALG_SET_KEY, key, 17), EINVAL);
	WANT(setsockopt(bound, SOL_ALG, ALG_SET_KEY, key, 16), 0);
	FAILS(setsockopt(bound, SOL_ALG, ALG_SET_AEAD_AUTHSIZE, NULL, 5), EINVAL);
	FAILS(setsockopt(bound, SOL_ALG, ALG_SET_AEAD_AUTHSIZE, NULL, 17), EINVAL);
	WANT(setsockopt(bound, SOL_ALG, ALG_SET_AEAD_AUTHSIZE, NULL, 12), 0);
	fd = NEED(accept(bound, NULL, NULL));
	FAILS(setsockopt(bound, SOL_ALG, ALG_SET_AEAD_AUTHSIZE, NULL, 16), EBUSY);

	/* 11 + 15 bytes become 11 + 15 + 12. */
	WANT(alg_send(fd, ALG_OP_ENCRYPT, iv, 12, 11, in, 26, 0), 26);
	WANT(recv(fd, sealed, 38, 0), 38);
	CHECK(!memcmp(sealed, in, 11));
	CHECK(memcmp(sealed + 11, in + 11, 15));
	WANT(alg_send(fd, ALG_OP_DECRYPT, iv, 12, 11, sealed, 38, 0), 38);
	WANT(recv(fd, out, 26, 0), 26);
	CHECK(!memcmp(out, in, 26));
	/* In pieces. */
	WANT(alg_send(fd, ALG_OP_DECRYPT, iv, 12, 11, sealed, 20, MSG_MORE), 20);
	FAILS(recv(fd, out, 26, MSG_DONTWAIT), EAGAIN);
	WANT(send(fd, sealed + 20, 18, 0), 18);
	WANT(recv(fd, out, 26, 0), 26);
	CHECK(!memcmp(out, in, 26));
	/* Changed: text, associated data. */
	sealed[12] ^= 1;
	WANT(alg_send(fd, ALG_OP_DECRYPT, iv, 12, 11, sealed, 38, 0), 38);
	FAILS(recv(fd, out, 26, 0), EBADMSG);
	sealed[12] ^= 1;
	sealed[0] ^= 1;
	WANT(alg_send(fd, ALG_OP_DECRYPT, iv, 12, 11, sealed, 38, 0), 38);
	FAILS(recv(fd, out, 26, 0), EBADMSG);
	sealed[0] ^= 1;
	WANT(alg_send(fd, ALG_OP_DECRYPT, iv, 12, 11, sealed, 38, 0), 38);
	WANT(recv(fd, out, 26, 0), 26);
	return done();
}
