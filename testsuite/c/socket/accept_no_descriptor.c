/*
 * accept(2) without a free descriptor: EMFILE, and the connection still waits for the
 * next call.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <sys/resource.h>

int main(void)
{
	struct address address;
	struct rlimit limit;
	int listener = tcp_listen(AF_INET, &address), client = NEED(socket(AF_INET, SOCK_STREAM, 0)), free_one;
	char byte;

	NEED(connect(client, &address.any, address.length));
	NEED(send(client, "x", 1, 0));
	free_one = NEED(dup(client));
	close(free_one);
	NEED(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = free_one;
	NEED(setrlimit(RLIMIT_NOFILE, &limit));
	FAILS(accept(listener, NULL, NULL), EMFILE);
	limit.rlim_cur = free_one + 1;
	NEED(setrlimit(RLIMIT_NOFILE, &limit));
	if (ready(listener, POLLIN, 0)) {
		WANT(accept(listener, NULL, NULL), free_one);
		WANT(recv(free_one, &byte, 1, 0), 1);
	} else {
		WANT(recv(client, &byte, 1, 0) <= 0, 1);
	}
	return done();
}
