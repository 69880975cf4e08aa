/*
 * What a path for a socket may not be: another kind of file, a directory that is missing or
 * forbidden, longer than sun_path, another type of socket. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "scratch.h"
#include "net.h"

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "file" };
	struct sockaddr *any = (struct sockaddr *)&name;
	int stream = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), dgram = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));

	scratch();
	close(NEED(open("file", O_CREAT | O_RDWR, 0644)));
	FAILS(connect(stream, any, sizeof name), ECONNREFUSED);
	FAILS(bind(stream, any, sizeof name), EADDRINUSE);
	strcpy(name.sun_path, "missing/name");
	FAILS(bind(stream, any, sizeof name), ENOENT);
	strcpy(name.sun_path, "file/name");
	FAILS(bind(stream, any, sizeof name), ENOTDIR);
	FAILS(bind(stream, any, sizeof name + 1), EINVAL);
	FAILS(bind(stream, any, 1), EINVAL);
	strcpy(name.sun_path, "taken");
	WANT(bind(dgram, any, sizeof name), 0);
	FAILS(connect(stream, any, sizeof name), EPROTOTYPE);
	strcpy(name.sun_path, "other");
	FAILS(bind(dgram, any, sizeof name), EINVAL);
	name.sun_family = AF_INET;
	FAILS(connect(stream, any, sizeof name), EINVAL);
	FAILS(connect(stream, any, 2), EINVAL);
	return done();
}
