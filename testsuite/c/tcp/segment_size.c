/*
 * TCP_MAXSEG: 536 or more of a fresh socket's default, refused outside 88 to 32767, and a
 * connection sends no longer segments. tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address address;
	int listener = tcp_listen(AF_INET, &address), client = NEED(socket(AF_INET, SOCK_STREAM, 0));

	WANT(get_int(client, IPPROTO_TCP, TCP_MAXSEG), 536);
	FAILS(setsockopt(client, IPPROTO_TCP, TCP_MAXSEG, &(int){ 87 }, sizeof(int)), EINVAL);
	FAILS(setsockopt(client, IPPROTO_TCP, TCP_MAXSEG, &(int){ 32768 }, sizeof(int)), EINVAL);
	WANT(setsockopt(client, IPPROTO_TCP, TCP_MAXSEG, &(int){ 1000 }, sizeof(int)), 0);
	WANT(get_int(client, IPPROTO_TCP, TCP_MAXSEG), 1000);
	NEED(connect(client, &address.any, address.length));
	CHECK(get_int(client, IPPROTO_TCP, TCP_MAXSEG) <= 1000);
	CHECK(get_int(NEED(accept(listener, NULL, NULL)), IPPROTO_TCP, TCP_MAXSEG) <= 1000);
	return done();
}
