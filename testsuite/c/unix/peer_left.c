/*
 * What a socket tells of a peer that has gone, and what a listening one tells of itself: SO_PEERNAME, getpeername(2),
 * SO_PEERCRED, SO_PEERGROUPS, SO_PEERPIDFD. unix(7), socket(7).
 * Agrees: Linux 7.2.
 */
#include "net.h"

#include <stddef.h>
#include <sys/syscall.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

static struct sockaddr_un named(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "%s-%d", name, getpid());
	return a;
}

static void kind(int type)
{
	struct sockaddr_un there = named("left-there"), here = named("left-here"), got;
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(there.sun_path + 1);
	socklen_t own = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(here.sun_path + 1), length;
	int listener = NEED(socket(AF_UNIX, type, 0)), client = NEED(socket(AF_UNIX, type, 0)), server, pidfd;
	struct ucred creds;
	gid_t groups[64];

	NEED(bind(listener, (void *)&there, size));
	/* Nobody yet. */
	length = sizeof pidfd;
	FAILS(getsockopt(listener, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length), ENODATA);
	length = sizeof groups;
	FAILS(getsockopt(listener, SOL_SOCKET, SO_PEERGROUPS, groups, &length), ENODATA);
	NEED(listen(listener, 4));
	length = sizeof pidfd;
	WANT(getsockopt(listener, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length), 0);
	CHECK(pidfd > 2);
	/* It is this process. */
	WANT(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0), 0);
	close(pidfd);
	length = sizeof groups;
	WANT(getsockopt(listener, SOL_SOCKET, SO_PEERGROUPS, groups, &length), 0);
	length = sizeof creds;
	WANT(getsockopt(listener, SOL_SOCKET, SO_PEERCRED, &creds, &length), 0);
	WANT(creds.pid, getpid());
	WANT(creds.uid, geteuid());

	NEED(bind(client, (void *)&here, own));
	NEED(connect(client, (void *)&there, size));
	server = NEED(accept(listener, NULL, NULL));
	close(listener);
	close(server);
	/* The name stays with who knew it. */
	length = sizeof got;
	WANT(getpeername(client, (void *)&got, &length), 0);
	WANT(length, size);
	CHECK(!memcmp(got.sun_path, there.sun_path, size - offsetof(struct sockaddr_un, sun_path)));
	length = size;
	WANT(getsockopt(client, SOL_SOCKET, SO_PEERNAME, &got, &length), 0);
	WANT(length, size);
	close(client);
}

int main(void)
{
	kind(SOCK_STREAM);
	kind(SOCK_SEQPACKET);
	return done();
}
