/*
 * A connection with the smallest buffers carries every byte in order.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	static unsigned char out[100000], in[100000];
	struct address address;
	int listener = bound(family, SOCK_STREAM, &address), client = NEED(socket(family, SOCK_STREAM, 0)), server;
	pid_t child;

	for (size_t i = 0; i < sizeof out; i++)
		out[i] = i * 7 + i / 251;
	set_int(listener, SOL_SOCKET, SO_RCVBUF, 1);
	set_int(client, SOL_SOCKET, SO_SNDBUF, 1);
	NEED(listen(listener, 1));
	NEED(connect(client, &address.any, address.length));
	server = NEED(accept(listener, NULL, NULL));
	fflush(stdout);
	child = NEED(fork());
	if (child == 0)
		_exit(send(client, out, sizeof out, 0) != sizeof out);
	WANT(recv_all(server, in, sizeof in), sizeof in);
	WANT(memcmp(in, out, sizeof in), 0);
	CHECK(left_well(child));
	close(server);
	close(client);
	close(listener);
}

int main(void)
{
	for_both(test);
	return done();
}
