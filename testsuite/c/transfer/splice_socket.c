/*
 * splice(2) from socket to pipe to socket: data move, the end is 0, EAGAIN where
 * nothing waits: O_NONBLOCK on the socket, SPLICE_F_NONBLOCK for the pipe.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct pair in = tcp_pair(AF_INET), out = tcp_pair(AF_INET6);
	int ends[2];
	char buffer[16];

	NEED(pipe(ends));
	NEED(send(in.client, "through", 7, 0));
	WANT(splice(in.server, NULL, ends[1], NULL, 100, 0), 7);
	WANT(splice(ends[0], NULL, out.client, NULL, 100, 0), 7);
	WANT(recv(out.server, buffer, 16, 0), 7);
	WANT(memcmp(buffer, "through", 7), 0);
	set_nonblocking(in.server);
	FAILS(splice(in.server, NULL, ends[1], NULL, 100, 0), EAGAIN);
	FAILS(splice(ends[0], NULL, out.client, NULL, 100, SPLICE_F_NONBLOCK), EAGAIN);
	NEED(shutdown(in.client, SHUT_WR));
	NEED(ready(in.server, POLLIN, 5000));
	WANT(splice(in.server, NULL, ends[1], NULL, 100, 0), 0);
	return done();
}
