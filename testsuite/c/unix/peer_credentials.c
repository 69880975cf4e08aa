/*
 * SO_PEERCRED: process, user and group of the peer at connect(2), listen(2) or
 * socketpair(2), also after it changed or went. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct ucred { pid_t pid; uid_t uid; gid_t gid; } got = { 0 };
	socklen_t length = sizeof got;
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int listener = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), server, ends[2], status;
	pid_t child;

	NEED(bind(listener, (struct sockaddr *)&name, sizeof(sa_family_t)));
	length = sizeof name;
	NEED(getsockname(listener, (struct sockaddr *)&name, &length));
	NEED(listen(listener, 1));
	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (geteuid() == 0 && (setgid(1234) || setuid(1234)))
			_exit(1);
		_exit(connect(fd, (struct sockaddr *)&name, length) != 0);
	}
	server = NEED(accept(listener, NULL, NULL));
	NEED(waitpid(child, &status, 0));
	WANT(status, 0);
	length = sizeof got;
	WANT(getsockopt(server, SOL_SOCKET, SO_PEERCRED, &got, &length), 0);
	WANT(length, sizeof got);
	WANT(got.pid, child);
	WANT(got.uid, geteuid() ? geteuid() : 1234);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	WANT(getsockopt(ends[0], SOL_SOCKET, SO_PEERCRED, &got, &length), 0);
	WANT(got.pid, getpid());
	WANT(getsockopt(NEED(socket(AF_UNIX, SOCK_STREAM, 0)), SOL_SOCKET, SO_PEERCRED, &got, &length), 0);
	CHECK(got.pid == 0 && got.uid == (uid_t)-1);
	return done();
}
