/*
 * sendfile(2): EBADF by open mode, EINVAL from a socket and for a negative offset, ESPIPE
 * for an offset on a pipe.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <sys/sendfile.h>

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	int file = NEED(open("/proc/self/exe", O_RDONLY)), write_only = NEED(open("/dev/null", O_WRONLY)), ends[2];
	off_t offset = -1;

	NEED(pipe(ends));
	FAILS(sendfile(pair.client, pair.server, NULL, 1), EINVAL);
	FAILS(sendfile(pair.client, write_only, NULL, 1), EBADF);
	FAILS(sendfile(file, file, NULL, 1), EBADF);
	FAILS(sendfile(999, file, NULL, 1), EBADF);
	FAILS(sendfile(pair.client, file, &offset, 1), EINVAL);
	offset = 0;
	FAILS(sendfile(pair.client, ends[0], &offset, 1), ESPIPE);
	FAILS(sendfile(pair.client, file, nowhere, 1), EFAULT);
	WANT(sendfile(pair.client, file, NULL, 0), 0);
	return done();
}
