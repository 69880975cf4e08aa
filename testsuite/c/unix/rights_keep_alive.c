/*
 * A descriptor under way in a message stays open though its sender closed it, and goes when
 * the message does. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	int ends[2], pipe_ends[2], got;
	char byte;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	NEED(pipe(pipe_ends));
	NEED(send_with(ends[0], "w", NULL, SOL_SOCKET, SCM_RIGHTS, &pipe_ends[1], sizeof(int)));
	close(pipe_ends[1]);
	WANT(ready(pipe_ends[0], POLLIN, 0), 0);
	WANT(receive(ends[1], &m, 0), 1);
	got = ancillary_int(&m, SOL_SOCKET, SCM_RIGHTS);
	WANT(write(got, "x", 1), 1);
	NEED(send_with(ends[0], "w", NULL, SOL_SOCKET, SCM_RIGHTS, &got, sizeof(int)));
	close(got);
	WANT(read(pipe_ends[0], &byte, 1), 1);
	WANT(ready(pipe_ends[0], POLLIN, 0), 0);
	close(ends[0]);
	close(ends[1]);
	WANT(ready(pipe_ends[0], POLLIN, 1000), POLLHUP);
	return done();
}
