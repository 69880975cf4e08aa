/*
 * AF_ALG: socket(2), bind(2) and the calls the family does not have. Documentation/crypto/userspace-if.rst.
 * Agrees: Linux 7.2 (riscv64).
 */
#include "alg.h"

int main(void)
{
	struct sockaddr_alg addr = { .salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256" };
	struct sockaddr *name = (struct sockaddr *)&addr;
	int fd = alg_socket(), pair[2], child;
	socklen_t len = sizeof addr;
	char byte;

	FAILS(socket(AF_ALG, SOCK_STREAM, 0), ESOCKTNOSUPPORT);
	FAILS(socket(AF_ALG, SOCK_DGRAM, 0), ESOCKTNOSUPPORT);
	FAILS(socket(AF_ALG, SOCK_SEQPACKET, 1), EPROTONOSUPPORT);
	FAILS(socketpair(AF_ALG, SOCK_SEQPACKET, 0, pair), EOPNOTSUPP);
	FAILS(accept(fd, NULL, NULL), EINVAL);
	FAILS(setsockopt(fd, SOL_ALG, ALG_SET_KEY, "key", 3), ENOPROTOOPT);
	FAILS(bind(fd, name, 24), EINVAL);
	addr.salg_feat = 1;
	FAILS(bind(fd, name, sizeof addr), EINVAL);
	addr.salg_feat = 0;
	FAILS(alg_try_bind(fd, "nothing", "sha256"), ENOENT);
	FAILS(alg_try_bind(fd, "hash", "nothing"), ENOENT);
	FAILS(alg_try_bind(fd, "skcipher", "sha256"), ENOENT);
	WANT(bind(fd, name, sizeof addr), 0);
	/* Again, until somebody uses it. */
	WANT(alg_try_bind(fd, "hash", "sha1"), 0);
	child = NEED(accept(fd, NULL, NULL));
	FAILS(alg_try_bind(fd, "hash", "md5"), EBUSY);
	close(child);
	WANT(alg_try_bind(fd, "hash", "md5"), 0);

	FAILS(send(fd, "x", 1, 0), EOPNOTSUPP);
	FAILS(recv(fd, &byte, 1, 0), EOPNOTSUPP);
	FAILS(listen(fd, 1), EOPNOTSUPP);
	FAILS(connect(fd, name, sizeof addr), EOPNOTSUPP);
	FAILS(shutdown(fd, SHUT_RD), EOPNOTSUPP);
	FAILS(getsockname(fd, name, &len), EOPNOTSUPP);
	FAILS(getpeername(fd, name, &len), EOPNOTSUPP);
	FAILS(getsockopt(fd, SOL_ALG, ALG_SET_KEY, &byte, &len), EOPNOTSUPP);
	FAILS(setsockopt(fd, SOL_ALG, 99, "x", 1), ENOPROTOOPT);
	FAILS(setsockopt(fd, SOL_SOCKET + 5, 1, "x", 1), ENOPROTOOPT);
	return done();
}
