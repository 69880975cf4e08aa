/*
 * Every address of 127.0.0.0/8 is this machine; a socket bound to one has it as its source.
 * RFC 1122 section 3.2.1.3.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address here = loopback(AF_INET, 0), peer;
	int listener = NEED(socket(AF_INET, SOCK_STREAM, 0)), client = NEED(socket(AF_INET, SOCK_STREAM, 0)), server;

	here.v4.sin_addr.s_addr = htonl(0x7f7f7f7f);
	NEED(bind(listener, &here.any, here.length));
	NEED(listen(listener, 1));
	here = name_of(listener);
	struct address from = here;
	from.v4.sin_port = 0;
	from.v4.sin_addr.s_addr = htonl(0x7f000102);
	NEED(bind(client, &from.any, from.length));
	WANT(connect(client, &here.any, here.length), 0);
	server = NEED(accept(listener, NULL, NULL));
	peer = peer_of(server);
	WANT(ntohl(peer.v4.sin_addr.s_addr), 0x7f000102);
	here.v4.sin_addr.s_addr = htonl(0x7f000001);
	FAILS(connect(NEED(socket(AF_INET, SOCK_STREAM, 0)), &here.any, here.length), ECONNREFUSED);
	return done();
}
