/*
 * AF_UNIX streams (unix(7)): a path in the file system and an abstract name, both
 * names told, end of file, a stale path refuses, a taken one is EADDRINUSE.
 * Agrees: Linux 6.18.
 */
#include "net.h"

#include <stddef.h>
#include <sys/stat.h>

static void converse(const struct sockaddr_un *name, socklen_t length)
{
	int listener = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), client = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), server;
	struct sockaddr_un told;
	socklen_t told_length = sizeof told;
	char text[8];

	FAILS(connect(client, (struct sockaddr *)name, length), name->sun_path[0] ? ENOENT : ECONNREFUSED);
	NEED(bind(listener, (struct sockaddr *)name, length));
	FAILS(connect(client, (struct sockaddr *)name, length), ECONNREFUSED);
	NEED(listen(listener, 4));
	WANT(connect(client, (struct sockaddr *)name, length), 0);
	server = NEED(accept(listener, NULL, NULL));
	WANT(getpeername(client, (struct sockaddr *)&told, &told_length), 0);
	WANT(told_length, length + (name->sun_path[0] ? 1 : 0));
	CHECK(memcmp(told.sun_path, name->sun_path, length - offsetof(struct sockaddr_un, sun_path)) == 0);
	told_length = sizeof told;
	WANT(getsockname(client, (struct sockaddr *)&told, &told_length), 0);
	WANT(told_length, sizeof told.sun_family);
	WANT(send(client, "hello", 5, 0), 5);
	WANT(recv(server, text, sizeof text, 0), 5);
	WANT(send(server, "yes", 3, 0), 3);
	WANT(recv(client, text, sizeof text, 0), 3);
	FAILS(recv(client, text, 1, MSG_DONTWAIT), EAGAIN);
	close(client);
	WANT(recv(server, text, sizeof text, 0), 0);
	FAILS(send(server, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(bind(NEED(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)name, length), EADDRINUSE);
	close(listener);
	close(server);
}

int main(void)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX }, hidden = { .sun_family = AF_UNIX };
	struct stat meta;
	int n;

	n = snprintf(path.sun_path, sizeof path.sun_path, "/tmp/unix_stream.%d", getpid());
	converse(&path, offsetof(struct sockaddr_un, sun_path) + n);
	WANT(stat(path.sun_path, &meta), 0);
	CHECK(S_ISSOCK(meta.st_mode));
	/* Nobody is bound to the file any more. */
	FAILS(connect(NEED(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&path, sizeof path), ECONNREFUSED);
	WANT(unlink(path.sun_path), 0);
	n = snprintf(hidden.sun_path + 1, sizeof hidden.sun_path - 1, "unix_stream.%d", getpid());
	converse(&hidden, offsetof(struct sockaddr_un, sun_path) + 1 + n);
	return done();
}
