/*
 * AF_ALG random numbers: 128 bytes at a time, and nothing to send. Documentation/crypto/userspace-if.rst.
 */
#include "alg.h"

int main(void)
{
	int bound = alg_socket(), fd;
	unsigned char first[200] = { 0 }, second[200] = { 0 };

	if (alg_try_bind(bound, "rng", "stdrng") < 0 && errno == ENOENT)
		return skip("no random numbers through AF_ALG");
	WANT(setsockopt(bound, SOL_ALG, ALG_SET_KEY, "some seed of 48 bytes or so, whatever it may be ", 48), 0);
	fd = NEED(accept(bound, NULL, NULL));
	WANT(recv(fd, first, sizeof first, 0), 128);
	WANT(recv(fd, second, 16, 0), 16);
	CHECK(memcmp(first, second, 16));
	FAILS(send(fd, "x", 1, 0), EOPNOTSUPP);
	FAILS(accept(fd, NULL, NULL), EOPNOTSUPP);
	return done();
}
