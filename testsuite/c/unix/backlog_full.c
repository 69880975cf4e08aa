/*
 * A stream listener's queue: one connection more than the backlog, then connect(2) waits or
 * is EAGAIN. unix(7), listen(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length = sizeof name;
	int listener = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), taken = 0, late;

	NEED(bind(listener, (struct sockaddr *)&name, sizeof(sa_family_t)));
	NEED(getsockname(listener, (struct sockaddr *)&name, &length));
	NEED(listen(listener, 2));
	for (int i = 0; i < 10; i++) {
		int fd = NEED(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));

		taken += connect(fd, (struct sockaddr *)&name, length) == 0;
	}
	WANT(taken, 3);
	late = NEED(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	FAILS(connect(late, (struct sockaddr *)&name, length), EAGAIN);
	CHECK(accept(listener, NULL, NULL) >= 0);
	WANT(connect(late, (struct sockaddr *)&name, length), 0);
	fcntl(late, F_SETFL, 0);
	set_timeout(late, SO_SNDTIMEO, 100);
	late = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	set_timeout(late, SO_SNDTIMEO, 100);
	FAILS(connect(late, (struct sockaddr *)&name, length), EAGAIN);
	return done();
}
