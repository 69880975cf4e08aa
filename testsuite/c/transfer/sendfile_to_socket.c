/*
 * sendfile(2) from a file to a TCP socket: all of it, an offset that moves while the file's
 * own does not, and 0 at the end.
 * Agrees: Linux 6.18, 7.2.
 */
#include "scratch.h"
#include "net.h"

#include <sys/sendfile.h>

int main(void)
{
	static char block[100000], got[100000];
	struct pair pair = tcp_pair(AF_INET);
	off_t offset = 50;
	int file;
	pid_t child;

	scratch();
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = i * 17 >> 3;
	file = NEED(open("data", O_CREAT | O_RDWR, 0600));
	NEED(write(file, block, sizeof block));
	NEED(lseek(file, 7, SEEK_SET));
	fflush(stdout);
	child = NEED(fork());
	if (child == 0)
		_exit(recv_all(pair.server, got, sizeof block - 50) != sizeof block - 50 || memcmp(got, block + 50, sizeof block - 50) != 0);
	while (offset < (off_t)sizeof block)
		NEED(sendfile(pair.client, file, &offset, sizeof block));
	WANT(offset, sizeof block);
	WANT(lseek(file, 0, SEEK_CUR), 7);
	WANT(sendfile(pair.client, file, &offset, 10), 0);
	CHECK(left_well(child));
	WANT(sendfile(pair.client, file, NULL, 5), 5);
	WANT(lseek(file, 0, SEEK_CUR), 12);
	WANT(recv_all(pair.server, got, 5), 5);
	WANT(memcmp(got, block + 7, 5), 0);
	return done();
}
