/*
 * TCP_SAVE_SYN: a listener keeps the SYN, and the accepted socket gives it away once, from the network header on or with
 * the link header; too little room says how much is needed (tcp(7), RFC 9293 section 3.1).
 * Agrees: Linux 7.2.
 */
#include "net.h"

#define SAVE_SYN 27
#define SAVED_SYN 28

static void test(int family)
{
	struct address to, from;
	int listener = bound(family, SOCK_STREAM, &to), client, server;
	int header = family == AF_INET6 ? 40 : 20;
	unsigned char syn[256], *tcp;
	socklen_t length;

	for (int how = 0; how <= 2; how++) {
		int link = how == 2 ? 14 : 0;

		set_int(listener, IPPROTO_TCP, SAVE_SYN, how);
		WANT(get_int(listener, IPPROTO_TCP, SAVE_SYN), how);
		NEED(listen(listener, 4));
		client = NEED(socket(family, SOCK_STREAM, 0));
		NEED(connect(client, &to.any, to.length));
		from = name_of(client);
		server = NEED(accept(listener, NULL, NULL));
		length = sizeof syn;
		if (how) {
			length = 30;
			FAILS(getsockopt(server, IPPROTO_TCP, SAVED_SYN, syn, &length), EINVAL);
			CHECK(length > (socklen_t)(link + header + 20) && length <= sizeof syn);
		}
		WANT(getsockopt(server, IPPROTO_TCP, SAVED_SYN, syn, &length), 0);
		if (how) {
			WANT(syn[link] >> 4, family == AF_INET6 ? 6 : 4);
			tcp = syn + link + header;
			WANT(tcp[0] << 8 | tcp[1], port_of(&from));
			WANT(tcp[2] << 8 | tcp[3], port_of(&to));
			WANT(tcp[13], 2);
			/* Options: the segment size first; nothing follows the header. */
			WANT(tcp[20], 2);
			WANT(length, link + header + (tcp[12] >> 4) * 4);
		} else {
			WANT(length, 0);
		}
		if (link)
			WANT(syn[12] << 8 | syn[13], family == AF_INET6 ? 0x86dd : 0x0800);
		length = sizeof syn;
		WANT(getsockopt(server, IPPROTO_TCP, SAVED_SYN, syn, &length), 0);
		WANT(length, 0);
		FAILS(setsockopt(server, IPPROTO_TCP, SAVED_SYN, syn, sizeof syn), ENOPROTOOPT);
		close(client);
		close(server);
	}
	FAILS(setsockopt(listener, IPPROTO_TCP, SAVE_SYN, &(int){ 3 }, sizeof(int)), EINVAL);
	close(listener);
}

int main(void)
{
	for_both(test);
	return done();
}
