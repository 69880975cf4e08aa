/*
 * SO_DETACH_FILTER, SO_LOCK_FILTER and SO_GET_FILTER, whose length counts instructions: socket(7).
 *
 * Agrees: Linux 6.18.
 */
#include "check.h"
#include <linux/filter.h>
#include <sys/socket.h>

#ifndef SO_GET_FILTER
#define SO_GET_FILTER SO_ATTACH_FILTER
#endif

int main(void)
{
	struct sock_filter code[2] = { BPF_STMT(BPF_LD | BPF_IMM, 7), BPF_STMT(BPF_RET | BPF_A, 0) }, back[4];
	struct sock_fprog prog = { 2, code };
	int fd = NEED(socket(AF_INET, SOCK_STREAM, 0)), value = 0;
	socklen_t len = 0;

	/* Nothing there. */
	FAILS(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &value, sizeof value), ENOENT);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &value, 3), EINVAL);
	len = 4;
	WANT(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, back, &len), 0);
	WANT(len, 0);

	WANT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog), 0);
	len = 0;
	WANT(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &len), 0);
	WANT(len, 2);
	len = 1;
	FAILS(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, back, &len), EINVAL);
	len = 4;
	memset(back, 0, sizeof back);
	WANT(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, back, &len), 0);
	WANT(len, 2);
	CHECK(!memcmp(code, back, sizeof code));
	WANT(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &value, sizeof value), 0);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &value, sizeof value), ENOENT);

	/* A lock. */
	len = sizeof value;
	WANT(getsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &value, &len), 0);
	WANT(value, 0);
	WANT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog), 0);
	value = 1;
	WANT(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &value, sizeof value), 0);
	WANT(getsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &value, &len), 0);
	WANT(value, 1);
	value = 0;
	FAILS(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &value, sizeof value), EPERM);
	value = 1;
	WANT(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &value, sizeof value), 0);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog), EPERM);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &value, sizeof value), EPERM);
	/* Every detach has a getter's number but none. */
	FAILS(getsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &value, &len), ENOPROTOOPT);
	return done();
}
