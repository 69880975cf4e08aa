/*
 * F_SETOWN_EX and F_GETOWN_EX name a thread, a process or a group as the owner; FIOSETOWN
 * and SIOCSPGRP are the older way. fcntl(2), socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

struct owner { int type; pid_t pid; };

int main(void)
{
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), value = 0;
	struct owner owner = { 0 /* F_OWNER_TID */, getpid() }, got = { 9, 9 };

	WANT(fcntl(fd, 15 /* F_SETOWN_EX */, &owner), 0);
	WANT(fcntl(fd, 16 /* F_GETOWN_EX */, &got), 0);
	CHECK(got.type == 0 && got.pid == getpid());
	owner = (struct owner){ 2 /* F_OWNER_PGRP */, getpgrp() };
	WANT(fcntl(fd, 15, &owner), 0);
	WANT(ioctl(fd, SIOCGPGRP, &value), 0);
	WANT(value, -getpgrp());
	owner = (struct owner){ 7, 1 };
	FAILS(fcntl(fd, 15, &owner), EINVAL);
	owner = (struct owner){ 1, 4000000 };
	FAILS(fcntl(fd, 15, &owner), ESRCH);
	value = getpid();
	WANT(ioctl(fd, FIOSETOWN, &value), 0);
	value = 0;
	WANT(ioctl(fd, FIOGETOWN, &value), 0);
	WANT(value, getpid());
	FAILS(fcntl(fd, F_SETSIG, 65), EINVAL);
	return done();
}
