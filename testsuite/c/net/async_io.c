/*
 * O_ASYNC on sockets and pipes: SIGIO, or F_SETSIG's signal with si_fd and si_band, to who F_SETOWN or F_SETOWN_EX names;
 * F_GETOWNER_UIDS. fcntl(2), socket(7), signal(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#ifndef F_GETOWNER_UIDS
#define F_GETOWNER_UIDS 17
#endif
#ifndef POLL_IN
#define POLL_IN 1
#define POLL_OUT 2
#define POLL_HUP 6
#endif

/* Takes a signal that waits; 0 for none. */
static int pending(int signal, siginfo_t *info)
{
	struct timespec none = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	memset(info, 0, sizeof *info);
	return sigtimedwait(&set, info, &none) == signal;
}

static void owned(int fd, int signal)
{
	NEED(fcntl(fd, F_SETOWN, getpid()));
	NEED(fcntl(fd, F_SETSIG, signal));
	NEED(fcntl(fd, F_SETFL, NEED(fcntl(fd, F_GETFL)) | O_ASYNC));
}

static void drain(int signal)
{
	siginfo_t info;

	while (pending(signal, &info))
		;
}

int main(void)
{
	int s[2], p[2], rt = SIGRTMIN + 3, copy;
	unsigned uids[2] = { 7, 7 };
	struct f_owner_ex owner;
	siginfo_t info;
	sigset_t blocked;
	char byte;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGIO);
	sigaddset(&blocked, rt);
	NEED(sigprocmask(SIG_BLOCK, &blocked, NULL));

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	WANT(fcntl(s[0], F_GETOWN), 0);
	WANT(fcntl(s[0], F_GETOWNER_UIDS, uids), 0);
	WANT(uids[0], 0);
	WANT(uids[1], 0);
	/* No owner: nobody is told. */
	NEED(fcntl(s[1], F_SETFL, O_ASYNC));
	NEED(write(s[0], "x", 1));
	WANT(pending(SIGIO, &info), 0);
	owned(s[1], 0);
	NEED(write(s[0], "x", 1));
	WANT(pending(SIGIO, &info), 1);
	WANT(info.si_code, SI_KERNEL);
	WANT(fcntl(s[1], F_GETOWNER_UIDS, uids), 0);
	WANT(uids[0], getuid());
	owned(s[1], rt);
	NEED(write(s[0], "x", 1));
	WANT(pending(rt, &info), 1);
	WANT(info.si_code, POLL_IN);
	WANT(info.si_fd, s[1]);
	WANT(info.si_band, POLLIN | POLLRDNORM);
	NEED(send(s[0], "x", 1, MSG_OOB));
	WANT(pending(rt, &info), 1);
	WANT(info.si_code, 5);
	WANT(info.si_band, POLLPRI | POLLRDBAND);
	drain(rt);
	/* The descriptor that O_ASYNC was set through, whatever became of it. */
	copy = NEED(dup(s[1]));
	close(s[1]);
	NEED(write(s[0], "x", 1));
	WANT(pending(rt, &info), 1);
	WANT(info.si_fd, s[1]);
	drain(rt);
	close(s[0]);
	WANT(pending(rt, &info), 1);
	WANT(info.si_code, POLL_HUP);
	WANT(info.si_band, POLLHUP | POLLERR);
	drain(rt);
	close(copy);

	/* A pipe tells readers and writers. */
	NEED(pipe(p));
	owned(p[0], rt);
	NEED(write(p[1], "x", 1));
	WANT(pending(rt, &info), 1);
	WANT(info.si_code, POLL_IN);
	WANT(info.si_fd, p[0]);
	drain(rt);
	close(p[1]);
	WANT(pending(rt, &info), 1);
	WANT(info.si_code, POLL_IN);
	drain(rt);
	close(p[0]);

	/* Owners. */
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	owner = (struct f_owner_ex){ F_OWNER_TID, gettid() };
	WANT(fcntl(s[1], F_SETOWN_EX, &owner), 0);
	NEED(fcntl(s[1], F_SETFL, O_ASYNC));
	NEED(write(s[0], "x", 1));
	WANT(pending(SIGIO, &info), 1);
	setpgid(0, 0); /* it may be a leader already */
	owner = (struct f_owner_ex){ F_OWNER_PGRP, getpgrp() };
	WANT(fcntl(s[1], F_SETOWN_EX, &owner), 0);
	WANT(fcntl(s[1], F_GETOWN_EX, &owner), 0);
	WANT(owner.type, F_OWNER_PGRP);
	WANT(owner.pid, getpgrp());
	NEED(write(s[0], "x", 1));
	WANT(pending(SIGIO, &info), 1);
	owner = (struct f_owner_ex){ 3, getpid() };
	FAILS(fcntl(s[1], F_SETOWN_EX, &owner), EINVAL);
	owner = (struct f_owner_ex){ F_OWNER_PID, 99999999 };
	FAILS(fcntl(s[1], F_SETOWN_EX, &owner), ESRCH);
	FAILS(fcntl(s[1], F_SETOWN_EX, nowhere), EFAULT);
	FAILS(fcntl(s[1], F_SETSIG, 65), EINVAL);
	FAILS(fcntl(s[1], F_SETSIG, -1), EINVAL);
	WANT(fcntl(s[1], F_SETSIG, 64), 0);
	WANT(fcntl(s[1], F_GETSIG), 64);
	/* Not asked any more. */
	NEED(fcntl(s[1], F_SETSIG, 0));
	NEED(fcntl(s[1], F_SETFL, 0));
	NEED(write(s[0], "x", 1));
	WANT(pending(SIGIO, &info), 0);
	WANT(read(s[1], &byte, 1), 1);
	return done();
}
