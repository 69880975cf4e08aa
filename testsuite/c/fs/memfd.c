/*
 * memfd_create(2): a file without a name, and the seals that it takes.
 * Agrees: Linux 6.18.
 */
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(void)
{
	char path[32], name[64] = { 0 };
	struct stat st;
	int fd = NEED(memfd_create("spam", MFD_ALLOW_SEALING | MFD_CLOEXEC)), plain;

	WANT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	WANT(fstat(fd, &st), 0);
	WANT(st.st_nlink, 0);
	WANT(st.st_mode, S_IFREG | 0777);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	WANT(readlink(path, name, sizeof name - 1), 21);
	WANT(strcmp(name, "/memfd:spam (deleted)"), 0);
	WANT(write(fd, "12345678", 8), 8);
	WANT(fcntl(fd, F_GET_SEALS), 0);
	WANT(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	FAILS(write(fd, "9", 1), EPERM);
	FAILS(ftruncate(fd, 9), EPERM);
	WANT(pwrite(fd, "x", 1, 0), 1);
	WANT(ftruncate(fd, 4), 0);
	WANT(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE), 0);
	FAILS(ftruncate(fd, 0), EPERM);
	FAILS(pwrite(fd, "x", 1, 0), EPERM);
	WANT(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
	FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), EPERM);
	WANT(fcntl(fd, F_GET_SEALS), F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL);

	plain = NEED(memfd_create("", 0));
	WANT(fcntl(plain, F_GET_SEALS), F_SEAL_SEAL);
	FAILS(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	FAILS(memfd_create("x", 0x4000), EINVAL);
	return done();
}
