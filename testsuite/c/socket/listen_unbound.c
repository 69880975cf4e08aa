/*
 * listen(2) on a socket without a name binds it to a free port of every address; again,
 * it changes the backlog.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	int fd = NEED(socket(family, SOCK_STREAM, 0)), client = NEED(socket(family, SOCK_STREAM, 0));
	struct address name, to;

	WANT(listen(fd, 1), 0);
	name = name_of(fd);
	CHECK(port_of(&name) != 0);
	WANT(listen(fd, 5), 0);
	WANT(port_of(&name), port_of(&(struct address){ .storage = name_of(fd).storage }));
	to = loopback(family, port_of(&name));
	WANT(connect(client, &to.any, to.length), 0);
	FAILS(listen(NEED(socket(family, SOCK_DGRAM, 0)), 1), EOPNOTSUPP);
	close(fd);
	close(client);
}

int main(void)
{
	for_both(test);
	return done();
}
