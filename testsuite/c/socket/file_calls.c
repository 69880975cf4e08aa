/*
 * Calls for files on a socket: what has no meaning fails as on a stream, fstat(2) says
 * S_IFSOCK and each socket has an inode number of its own.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <sys/mman.h>
#include <sys/stat.h>

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	struct stat one, two;
	char byte = 0, name[64], link[64] = "";

	FAILS(lseek(pair.client, 0, SEEK_CUR), ESPIPE);
	FAILS(pread(pair.client, &byte, 1, 0), ESPIPE);
	FAILS(pwrite(pair.client, &byte, 1, 0), ESPIPE);
	FAILS(ftruncate(pair.client, 0), EINVAL);
	FAILS(fsync(pair.client), EINVAL);
	FAILS(fdatasync(pair.client), EINVAL);
	FAILS(fallocate(pair.client, 0, 0, 1), ENODEV);
	FAILS((long)mmap(NULL, 4096, PROT_READ, MAP_SHARED, NEED(socket(AF_INET, SOCK_DGRAM, 0)), 0), ENODEV);
	FAILS(fchdir(pair.client), ENOTDIR);
	WANT(fstat(pair.client, &one), 0);
	WANT(fstat(pair.server, &two), 0);
	CHECK(S_ISSOCK(one.st_mode));
	WANT(one.st_mode & 0777, 0777);
	CHECK(one.st_ino != two.st_ino);
	snprintf(name, sizeof name, "/proc/self/fd/%d", pair.client);
	CHECK(readlink(name, link, sizeof link - 1) > 0);
	snprintf(name, sizeof name, "socket:[%lu]", (unsigned long)one.st_ino);
	CHECK(strcmp(link, name) == 0);
	snprintf(name, sizeof name, "/proc/self/fd/%d", pair.client);
	FAILS(open(name, O_RDWR), ENXIO);
	return done();
}
