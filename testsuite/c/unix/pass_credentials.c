/*
 * SO_PASSCRED: every message tells its sender; a process may claim only what it is: EPERM.
 * unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

struct credentials { pid_t pid; uid_t uid; gid_t gid; };

static int ends[2];

static void liar(void)
{
	struct credentials own = { getpid(), 0, 0 };

	if (setgid(1000) == -1 || setuid(1000) == -1)
		_exit(1);
	if (send_with(ends[0], "x", NULL, SOL_SOCKET, SCM_CREDENTIALS, &own, sizeof own) != -1 || errno != EPERM)
		_exit(2);
}

int main(void)
{
	static struct message m;
	struct credentials own = { getpid(), geteuid(), getegid() }, *got;

	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	NEED(send(ends[0], "before", 6, 0));
	set_int(ends[1], SOL_SOCKET, SO_PASSCRED, 1);
	WANT(get_int(ends[1], SOL_SOCKET, SO_PASSCRED), 1);
	WANT(receive(ends[1], &m, 0), 6);
	got = ancillary(&m, SOL_SOCKET, SCM_CREDENTIALS);
	CHECK(got != NULL);
	NEED(send(ends[0], "x", 1, 0));
	WANT(receive(ends[1], &m, 0), 1);
	got = ancillary(&m, SOL_SOCKET, SCM_CREDENTIALS);
	CHECK(got && got->pid == own.pid && got->uid == own.uid && got->gid == own.gid);
	WANT(send_with(ends[0], "y", NULL, SOL_SOCKET, SCM_CREDENTIALS, &own, sizeof own), 1);
	WANT(receive(ends[1], &m, 0), 1);
	if (geteuid() == 0)
		WANT(in_child(liar), 0);
	own.pid = 4000000;
	FAILS(send_with(ends[0], "z", NULL, SOL_SOCKET, SCM_CREDENTIALS, &own, sizeof own), ESRCH);
	return done();
}
