/*
 * A name in the file system: bind(2) makes a socket file by the umask, a second bind is
 * EADDRINUSE, without a listener ECONNREFUSED, without a file ENOENT. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "scratch.h"
#include "net.h"

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "here" }, got = { 0 };
	int fd = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), other = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	socklen_t length = sizeof got;
	struct stat state;

	scratch();
	umask(027);
	FAILS(connect(other, (struct sockaddr *)&name, sizeof name), ENOENT);
	WANT(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	WANT(stat("here", &state), 0);
	CHECK(S_ISSOCK(state.st_mode));
	WANT(state.st_mode & 0777, 0750);
	WANT(getsockname(fd, (struct sockaddr *)&got, &length), 0);
	WANT(length, sizeof(sa_family_t) + 5);
	WANT(strcmp(got.sun_path, "here"), 0);
	FAILS(bind(other, (struct sockaddr *)&name, sizeof name), EADDRINUSE);
	FAILS(connect(other, (struct sockaddr *)&name, sizeof name), ECONNREFUSED);
	FAILS(open("here", O_RDWR), ENXIO);
	NEED(listen(fd, 1));
	WANT(connect(other, (struct sockaddr *)&name, sizeof name), 0);
	close(fd);
	WANT(stat("here", &state), 0);
	WANT(unlink("here"), 0);
	return done();
}
