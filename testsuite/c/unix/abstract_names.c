/*
 * Abstract names are bytes, zeroes and length included; they go when the socket does.
 * unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int one = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), two = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), three;
	socklen_t shorter = sizeof(sa_family_t) + 9, longer = shorter + 1, got = sizeof name;

	snprintf(name.sun_path + 1, 20, "case%04d", getpid() % 10000);
	WANT(bind(one, (struct sockaddr *)&name, shorter), 0);
	WANT(bind(two, (struct sockaddr *)&name, longer), 0);
	NEED(listen(one, 1));
	WANT(getsockname(one, (struct sockaddr *)&name, &got), 0);
	WANT(got, shorter);
	three = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	FAILS(bind(three, (struct sockaddr *)&name, shorter), EADDRINUSE);
	FAILS(connect(three, (struct sockaddr *)&name, longer), ECONNREFUSED);
	WANT(connect(three, (struct sockaddr *)&name, shorter), 0);
	close(one);
	close(three);
	three = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	FAILS(connect(three, (struct sockaddr *)&name, shorter), ECONNREFUSED);
	WANT(bind(three, (struct sockaddr *)&name, shorter), 0);
	return done();
}
