/*
 * SO_ZEROCOPY and MSG_ZEROCOPY: completions on the error queue, ranges of sends,
 * which say that the bytes were copied after all (loopback always copies).
 * Linux's Documentation/networking/msg_zerocopy.
 * Agrees: Linux 7.2.
 */
#include "message.h"

#include <linux/errqueue.h>

#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif
#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif

static struct sock_extended_err *error_of(struct message *m, int family)
{
	return family == AF_INET ? ancillary(m, IPPROTO_IP, IP_RECVERR) : ancillary(m, IPPROTO_IPV6, IPV6_RECVERR);
}

/* Waits until `last` is reported; the ranges follow one another from `first`. */
static void completed(int fd, int family, unsigned first, unsigned last)
{
	for (unsigned next = first; next <= last;) {
		struct sock_extended_err *e;
		struct message *m;

		WANT(ready(fd, 0, 1000) & POLLERR, POLLERR);
		m = receive_soon(fd, MSG_ERRQUEUE);
		WANT(m->length, 0);
		WANT(m->flags & MSG_ERRQUEUE, MSG_ERRQUEUE);
		e = error_of(m, family);
		CHECK(e && e->ee_errno == 0 && e->ee_origin == SO_EE_ORIGIN_ZEROCOPY && e->ee_code == SO_EE_CODE_ZEROCOPY_COPIED);
		if (!e)
			return;
		WANT(e->ee_info, next);
		next = e->ee_data + 1;
	}
}

static void over(struct pair pair, int family)
{
	static char data[20000], got[20000];

	memset(data, 'z', sizeof data);
	WANT(get_int(pair.client, SOL_SOCKET, SO_ZEROCOPY), 0);
	/* Without the option the flag means nothing. */
	WANT(send(pair.client, data, 100, MSG_ZEROCOPY), 100);
	WANT(recv_all(pair.server, got, 100), 100);
	WANT(receive_soon(pair.client, MSG_ERRQUEUE)->error, EAGAIN);
	set_int(pair.client, SOL_SOCKET, SO_ZEROCOPY, 1);
	WANT(send(pair.client, data, sizeof data, MSG_ZEROCOPY), sizeof data);
	WANT(recv_all(pair.server, got, sizeof got), sizeof got);
	CHECK(!memcmp(data, got, sizeof got));
	completed(pair.client, family, 0, 0);
	/* A send without the flag has no number. */
	WANT(send(pair.client, data, 10, 0), 10);
	WANT(recv_all(pair.server, got, 10), 10);
	WANT(send(pair.client, data, sizeof data, MSG_ZEROCOPY), sizeof data);
	WANT(recv_all(pair.server, got, sizeof got), sizeof got);
	WANT(send(pair.client, data, sizeof data, MSG_ZEROCOPY), sizeof data);
	WANT(recv_all(pair.server, got, sizeof got), sizeof got);
	completed(pair.client, family, 1, 2);
	WANT(receive_soon(pair.client, MSG_ERRQUEUE)->error, EAGAIN);
	WANT(ready(pair.client, 0, 0), 0);
	close_pair(pair);
}

static void test(int family)
{
	int two = 2, unix_socket = NEED(socket(AF_UNIX, SOCK_STREAM, 0));

	over(tcp_pair(family), family);
	over(udp_pair(family), family);
	FAILS(setsockopt(unix_socket, SOL_SOCKET, SO_ZEROCOPY, &two, sizeof two), EOPNOTSUPP);
	close(unix_socket);
}

int main(void)
{
	for_both(test);
	return done();
}
