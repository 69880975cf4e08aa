/*
 * accept(2) and getsockname(2) cut the address to the room given and answer the length
 * that it has.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address, cut;
	int listener = tcp_listen(family, &address), client, server;

	client = NEED(socket(family, SOCK_STREAM, 0));
	NEED(connect(client, &address.any, address.length));
	memset(&cut, 0x55, sizeof cut);
	cut.length = 4;
	server = accept(listener, &cut.any, &cut.length);
	CHECK(server >= 0);
	WANT(cut.length, address.length);
	WANT(cut.any.sa_family, family);
	WANT(port_of(&cut), port_of(&(struct address){ .storage = name_of(client).storage }));
	WANT(((unsigned char *)&cut)[4], 0x55);
	memset(&cut, 0x55, sizeof cut);
	cut.length = 0;
	WANT(getsockname(server, &cut.any, &cut.length), 0);
	WANT(cut.length, address.length);
	WANT(((unsigned char *)&cut)[0], 0x55);
	close(listener);
	close(client);
	close(server);
}

int main(void)
{
	for_both(test);
	return done();
}
