/*
 * SO_PEEK_OFF: where MSG_PEEK begins, moved on by each peek and back by each
 * receive, over UDP and TCP. socket(7).
 * Agrees: Linux 7.2.
 */
#include "net.h"

static void datagrams(int family)
{
	struct pair pair = udp_pair(family);
	char b[16];

	WANT(get_int(pair.server, SOL_SOCKET, SO_PEEK_OFF), -1);
	set_int(pair.server, SOL_SOCKET, SO_PEEK_OFF, 0);
	NEED(send(pair.client, "abcdef", 6, 0));
	NEED(send(pair.client, "ghi", 3, 0));
	WANT(recv(pair.server, b, 2, MSG_PEEK), 2);
	CHECK(!memcmp(b, "ab", 2));
	WANT(get_int(pair.server, SOL_SOCKET, SO_PEEK_OFF), 2);
	WANT(recv(pair.server, b, sizeof b, MSG_PEEK), 4);
	CHECK(!memcmp(b, "cdef", 4));
	WANT(recv(pair.server, b, sizeof b, MSG_PEEK), 3);
	CHECK(!memcmp(b, "ghi", 3));
	FAILS(recv(pair.server, b, sizeof b, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	WANT(recv(pair.server, b, sizeof b, 0), 6);
	WANT(get_int(pair.server, SOL_SOCKET, SO_PEEK_OFF), 3);
	FAILS(recv(pair.server, b, sizeof b, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	set_int(pair.server, SOL_SOCKET, SO_PEEK_OFF, -1);
	WANT(recv(pair.server, b, sizeof b, MSG_PEEK), 3);
	WANT(recv(pair.server, b, sizeof b, MSG_PEEK), 3);
	close_pair(pair);
}

static void stream(int family)
{
	struct pair pair = tcp_pair(family);
	char b[16];

	set_int(pair.server, SOL_SOCKET, SO_PEEK_OFF, 0);
	NEED(send(pair.client, "abcdef", 6, 0));
	NEED(ready(pair.server, POLLIN, 1000));
	WANT(recv(pair.server, b, 2, MSG_PEEK), 2);
	WANT(recv(pair.server, b, 2, MSG_PEEK), 2);
	CHECK(!memcmp(b, "cd", 2));
	WANT(recv(pair.server, b, 3, 0), 3);
	CHECK(!memcmp(b, "abc", 3));
	WANT(get_int(pair.server, SOL_SOCKET, SO_PEEK_OFF), 1);
	WANT(recv(pair.server, b, sizeof b, MSG_PEEK), 2);
	CHECK(!memcmp(b, "ef", 2));
	close_pair(pair);
}

int main(void)
{
	int raw = socket(AF_INET, SOCK_RAW, 253), on = 1;

	for_both(datagrams);
	for_both(stream);
	if (raw != -1)
		FAILS(setsockopt(raw, SOL_SOCKET, SO_PEEK_OFF, &on, sizeof on), EOPNOTSUPP);
	return done();
}
