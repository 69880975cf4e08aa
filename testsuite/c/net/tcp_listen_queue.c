/*
 * listen(2) and accept(2): connections complete before they are accepted and come out
 * in order with the data they brought; one that is closed again is still accepted;
 * connecting after the listener closed is refused.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address), client[4], accepted[4];
	char byte;

	WANT(ready(listener, POLLIN, 0), 0);
	for (int i = 0; i < 4; i++) {
		client[i] = NEED(socket(family, SOCK_STREAM, 0));
		NEED(connect(client[i], &address.any, address.length));
		NEED(send(client[i], &(char){ '0' + i }, 1, 0));
	}
	close(client[3]);
	WANT(ready(listener, POLLIN, 1000), POLLIN);
	for (int i = 0; i < 4; i++) {
		accepted[i] = NEED(accept(listener, NULL, NULL));
		NEED(recv(accepted[i], &byte, 1, 0));
		WANT(byte, '0' + i);
	}
	WANT(recv(accepted[3], &byte, 1, 0), 0);
	WANT(get_int(listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
	WANT(get_int(accepted[0], SOL_SOCKET, SO_ACCEPTCONN), 0);
	close(listener);
	FAILS(connect(NEED(socket(family, SOCK_STREAM, 0)), &address.any, address.length), ECONNREFUSED);
	WANT(send(client[0], "x", 1, 0), 1);
	WANT(recv(accepted[0], &byte, 1, 0), 1);
	for (int i = 0; i < 4; i++)
		close(accepted[i]);
}

int main(void)
{
	for_both(test);
	FAILS(accept(NEED(socket(AF_INET, SOCK_STREAM, 0)), NULL, NULL), EINVAL);
	FAILS(accept(NEED(socket(AF_INET, SOCK_DGRAM, 0)), NULL, NULL), EOPNOTSUPP);
	FAILS(listen(NEED(socket(AF_INET, SOCK_DGRAM, 0)), 1), EOPNOTSUPP);
	FAILS(accept(0x7fff, NULL, NULL), EBADF);
	return done();
}
