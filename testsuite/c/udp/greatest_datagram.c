/*
 * The longest datagrams: 65507 bytes over IPv4, 65527 over IPv6, one more is EMSGSIZE;
 * over lo they arrive whole. udp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	static char out[65536], in[65536];
	struct pair pair = udp_pair(family);
	int most = family == AF_INET ? 65507 : 65527;

	for (int i = 0; i < most; i++)
		out[i] = i * 31 >> 2;
	WANT(send(pair.client, out, most, 0), most);
	WANT(recv(pair.server, in, sizeof in, 0), most);
	WANT(memcmp(in, out, most), 0);
	FAILS(send(pair.client, out, most + 1, 0), EMSGSIZE);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
