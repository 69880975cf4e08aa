/*
 * Simultaneous open (RFC 9293, section 3.5), as one socket sees it that connects to
 * its own address, and TIME-WAIT: the port of a connection that was closed here
 * first stays taken, except for SO_REUSEADDR (tcp(7), ip(7)).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void self(int family)
{
	struct address a;
	int fd = bound(family, SOCK_STREAM, &a);
	char buffer[8];

	WANT(connect(fd, &a.any, a.length), 0);
	struct address name = name_of(fd), other = peer_of(fd);

	CHECK(same_address(&name, &other));
	WANT(send(fd, "hello", 5, 0), 5);
	WANT(recv(fd, buffer, sizeof buffer, 0), 5);
	WANT(shutdown(fd, SHUT_WR), 0);
	WANT(recv(fd, buffer, sizeof buffer, 0), 0);
	close(fd);
}

static void time_wait(int family)
{
	struct address at;
	int listener = tcp_listen(family, &at), client = NEED(socket(family, SOCK_STREAM, 0)), server, again;

	/* Both who had the port and who wants it have to agree. */
	set_int(listener, SOL_SOCKET, SO_REUSEADDR, 1);
	NEED(connect(client, &at.any, at.length));
	server = NEED(accept(listener, NULL, NULL));
	close(listener);
	/* The server's end closes first and keeps the port. */
	close(server);
	close(client);
	again = NEED(socket(family, SOCK_STREAM, 0));
	FAILS(bind(again, &at.any, at.length), EADDRINUSE);
	set_int(again, SOL_SOCKET, SO_REUSEADDR, 1);
	WANT(bind(again, &at.any, at.length), 0);
	WANT(listen(again, 1), 0);
	close(again);
}

int main(void)
{
	for_both(self);
	for_both(time_wait);
	return done();
}
