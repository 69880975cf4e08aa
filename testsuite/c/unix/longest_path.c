/*
 * A path may fill all 108 bytes of sun_path without a zero behind it. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "scratch.h"
#include "net.h"

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	char got[200];
	socklen_t length = sizeof got;
	int fd = NEED(socket(AF_UNIX, SOCK_STREAM, 0));

	scratch();
	memset(name.sun_path, 'a', sizeof name.sun_path);
	WANT(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	WANT(getsockname(fd, (struct sockaddr *)got, &length), 0);
	WANT(length, sizeof name + 1);
	NEED(listen(fd, 1));
	WANT(connect(NEED(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&name, sizeof name), 0);
	return done();
}
