/*
 * splice(2): one side has to be a pipe, the two not the same; ESPIPE for an offset where
 * there is none, EBADF by open mode.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	int ends[2], other[2];
	loff_t offset = 0;

	NEED(pipe(ends));
	NEED(pipe(other));
	NEED(write(ends[1], "abc", 3));
	FAILS(splice(pair.server, NULL, pair.client, NULL, 1, 0), EINVAL);
	FAILS(splice(ends[0], NULL, ends[1], NULL, 1, 0), EINVAL);
	FAILS(splice(ends[0], &offset, pair.client, NULL, 1, 0), ESPIPE);
	FAILS(splice(ends[0], NULL, pair.client, &offset, 1, 0), EINVAL);
	FAILS(splice(ends[1], NULL, pair.client, NULL, 1, 0), EBADF);
	FAILS(splice(999, NULL, ends[1], NULL, 1, 0), EBADF);
	FAILS(splice(ends[0], NULL, other[1], NULL, 1, 0x1000), EINVAL);
	WANT(splice(ends[0], NULL, other[1], NULL, 2, 0), 2);
	WANT(splice(ends[0], NULL, other[1], NULL, 0, 0), 0);
	return done();
}
