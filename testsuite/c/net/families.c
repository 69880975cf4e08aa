/*
 * socket(2) and socketpair(2): the family is looked at before the type, the type before the protocol; families that
 * are not built in are EAFNOSUPPORT. socket(2).
 * Agrees: Linux 6.18.
 */
#include "net.h"

int main(void)
{
	int pair[2];

	FAILS(socket(46, SOCK_STREAM, 0), EAFNOSUPPORT);
	FAILS(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
	FAILS(socket(1000, 11, 0), EAFNOSUPPORT);
	FAILS(socket(AF_INET, 11, 0), EINVAL);
	FAILS(socket(AF_INET, 15, 0), EINVAL);
	FAILS(socket(AF_UNSPEC, SOCK_STREAM, 0), EAFNOSUPPORT);
	FAILS(socket(AF_UNSPEC, 11, 0), EINVAL);
	/* Flags that there are not come before all. */
	FAILS(socket(1000, SOCK_STREAM | 0x100, 0), EINVAL);
	FAILS(socket(AF_INET, SOCK_STREAM, -1), EINVAL);
	FAILS(socket(AF_INET, SOCK_STREAM, 256 * 256), EINVAL);
	FAILS(socket(1000, SOCK_STREAM, -1), EAFNOSUPPORT);
	FAILS(socketpair(1000, SOCK_STREAM, 0, pair), EAFNOSUPPORT);
	FAILS(socketpair(AF_UNIX, 11, 0, pair), EINVAL);
	/* Obsolete ones. */
	FAILS(socket(AF_APPLETALK, SOCK_DGRAM, 0), EAFNOSUPPORT);
	FAILS(socket(AF_DECnet, SOCK_STREAM, 0), EAFNOSUPPORT);
	FAILS(socket(AF_NETBEUI, SOCK_STREAM, 0), EAFNOSUPPORT);
	FAILS(socket(AF_IRDA, SOCK_STREAM, 0), EAFNOSUPPORT);
	return done();
}
