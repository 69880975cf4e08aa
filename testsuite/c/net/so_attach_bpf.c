/*
 * SO_ATTACH_BPF and SO_ATTACH_REUSEPORT_EBPF with what is no program: EBADF, EINVAL; EPERM once the filter is locked. socket(7).
 * Agrees: Linux 7.2.
 */
#include "net.h"

#ifndef SO_ATTACH_REUSEPORT_EBPF
#define SO_ATTACH_REUSEPORT_EBPF 52
#endif

static int attach(int fd, int name, int program)
{
	return setsockopt(fd, SOL_SOCKET, name, &program, sizeof program);
}

static void test(int family)
{
	int names[] = { SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_EBPF };
	int fd = NEED(socket(family, SOCK_DGRAM, 0)), path = NEED(open("/", O_PATH));
	long long wide = 0;

	for (int i = 0; i < 2; i++) {
		FAILS(attach(fd, names[i], -1), EBADF);
		FAILS(attach(fd, names[i], 1000), EBADF);
		FAILS(attach(fd, names[i], path), EBADF);
		FAILS(attach(fd, names[i], fd), EINVAL);
		FAILS(setsockopt(fd, SOL_SOCKET, names[i], &wide, sizeof wide), EINVAL);
	}
	set_int(fd, SOL_SOCKET, SO_LOCK_FILTER, 1);
	for (int i = 0; i < 2; i++)
		FAILS(attach(fd, names[i], -1), EPERM);
	close(path);
	close(fd);
}

int main(void)
{
	for_both(test);
	return done();
}
