/*
 * A SOCK_SEQPACKET listener: connections as with a stream, records as with datagrams; a
 * stream cannot connect to it. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length = sizeof name;
	int listener = NEED(socket(AF_UNIX, SOCK_SEQPACKET, 0)), client = NEED(socket(AF_UNIX, SOCK_SEQPACKET, 0)), server;
	char buffer[8];

	NEED(bind(listener, (struct sockaddr *)&name, sizeof(sa_family_t)));
	NEED(getsockname(listener, (struct sockaddr *)&name, &length));
	NEED(listen(listener, 2));
	FAILS(connect(NEED(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&name, length), ECONNREFUSED);
	FAILS(send(client, "x", 1, MSG_NOSIGNAL), ENOTCONN);
	WANT(connect(client, (struct sockaddr *)&name, length), 0);
	server = NEED(accept(listener, NULL, NULL));
	WANT(send(client, "one", 3, 0), 3);
	WANT(send(client, "three", 5, 0), 5);
	WANT(recv(server, buffer, 8, 0), 3);
	WANT(recv(server, buffer, 8, 0), 5);
	WANT(sendto(client, "x", 1, 0, (struct sockaddr *)&name, 1), 1);
	return done();
}
