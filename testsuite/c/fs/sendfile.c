/*
 * sendfile(2), splice(2), copy_file_range(2): bytes move between files, pipes and
 * sockets, and offsets follow.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

int main(void)
{
	char name[64], text[64];
	int from, to, s[2], p[2];
	off_t offset = 2;

	snprintf(name, sizeof name, "/tmp/sendfile.%d", getpid());
	from = NEED(open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	NEED(unlink(name));
	to = NEED(open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	NEED(unlink(name));
	NEED(write(from, "0123456789", 10));
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	NEED(pipe(p));
	WANT(sendfile(s[0], from, &offset, 4), 4);
	WANT(offset, 6);
	WANT(lseek(from, 0, SEEK_CUR), 10);
	WANT(read(s[1], text, sizeof text), 4);
	CHECK(memcmp(text, "2345", 4) == 0);
	NEED(lseek(from, 0, SEEK_SET));
	WANT(sendfile(to, from, NULL, 100), 10);
	WANT(lseek(to, 0, SEEK_CUR), 10);
	WANT(sendfile(to, from, NULL, 100), 0);
	offset = 3;
	WANT(splice(from, &offset, p[1], NULL, 5, 0), 5);
	WANT(splice(p[0], NULL, s[0], NULL, 5, 0), 5);
	WANT(read(s[1], text, sizeof text), 5);
	CHECK(memcmp(text, "34567", 5) == 0);
	FAILS(splice(from, NULL, to, NULL, 5, 0), EINVAL);
	FAILS(sendfile(s[0], 0x7fff, NULL, 5), EBADF);
	return done();
}
