/*
 * SO_MARK and SO_PRIORITY of a datagram, set for the socket or for one message,
 * come with it over loopback where SO_RCVMARK and SO_RCVPRIORITY ask. socket(7).
 * Agrees: Linux 7.2.
 */
#include "message.h"

#ifndef SO_RCVMARK
#define SO_RCVMARK 75
#endif
#ifndef SO_RCVPRIORITY
#define SO_RCVPRIORITY 82
#endif

static void test(int family)
{
	struct pair pair = udp_pair(family);
	unsigned mark = 77, priority = 4;
	struct message *m;

	NEED(send(pair.client, "a", 1, 0));
	WANT(receive_soon(pair.server, 0)->header.msg_controllen, 0);
	set_int(pair.server, SOL_SOCKET, SO_RCVMARK, 1);
	set_int(pair.server, SOL_SOCKET, SO_RCVPRIORITY, 1);
	NEED(send(pair.client, "b", 1, 0));
	m = receive_soon(pair.server, 0);
	WANT(ancillary_or(m, SOL_SOCKET, SO_MARK, -1), 0);
	WANT(ancillary_or(m, SOL_SOCKET, SO_PRIORITY, -1), 0);
	set_int(pair.client, SOL_SOCKET, SO_MARK, 1234);
	set_int(pair.client, SOL_SOCKET, SO_PRIORITY, 5);
	NEED(send(pair.client, "c", 1, 0));
	m = receive_soon(pair.server, 0);
	WANT(ancillary_or(m, SOL_SOCKET, SO_MARK, -1), 1234);
	WANT(ancillary_or(m, SOL_SOCKET, SO_PRIORITY, -1), 5);
	WANT(send_data_with(pair.client, "d", 1, 0, SOL_SOCKET, SO_MARK, &mark, sizeof mark), 1);
	WANT(ancillary_or(receive_soon(pair.server, 0), SOL_SOCKET, SO_MARK, -1), 77);
	WANT(send_data_with(pair.client, "e", 1, 0, SOL_SOCKET, SO_PRIORITY, &priority, sizeof priority), 1);
	WANT(ancillary_or(receive_soon(pair.server, 0), SOL_SOCKET, SO_PRIORITY, -1), 4);
	FAILS(send_data_with(pair.client, "f", 1, 0, SOL_SOCKET, SO_MARK, &mark, 2), EINVAL);
	FAILS(send_data_with(pair.client, "g", 1, 0, SOL_SOCKET, 9999, &mark, sizeof mark), EINVAL);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
