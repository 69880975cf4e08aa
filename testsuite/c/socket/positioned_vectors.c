/*
 * preadv2(2) and pwritev2(2) on a socket: an offset of -1 is the stream, any other
 * ESPIPE, RWF_NOWAIT does not wait and unknown flags are EOPNOTSUPP.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	char bytes[4] = "abc";
	struct iovec part = { bytes, 3 };

	FAILS(preadv(pair.client, &part, 1, 0), ESPIPE);
	FAILS(pwritev(pair.client, &part, 1, 0), ESPIPE);
	WANT(pwritev2(pair.client, &part, 1, -1, 0), 3);
	NEED(ready(pair.server, POLLIN, 5000));
	WANT(preadv2(pair.server, &part, 1, -1, 0), 3);
	FAILS(preadv2(pair.server, &part, 1, -1, 0x8 /* RWF_NOWAIT */), EAGAIN);
	FAILS(preadv2(pair.server, &part, 1, -1, 0x40000000), EOPNOTSUPP);
	return done();
}
