/*
 * TCP_RTO_MAX_MS, TCP_RTO_MIN_US, TCP_DELACK_MAX_US, TCP_THIN_LINEAR_TIMEOUTS: defaults, bounds, whole ticks, accepted
 * sockets inherit, and the timeout that TCP_INFO tells follows (tcp(7), RFC 6298).
 * Agrees: Linux 7.2.
 */
#include "net.h"

#define THIN_LINEAR 16
#define RTO_MAX_MS 44
#define RTO_MIN_US 45
#define DELACK_MAX_US 46

static unsigned rto_of(int fd)
{
	unsigned info[64];
	socklen_t length = sizeof info;

	NEED(getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &length));
	return info[2];
}

static void wrong(int fd, int name, int value)
{
	FAILS(setsockopt(fd, IPPROTO_TCP, name, &value, sizeof value), EINVAL);
}

static void test(int family)
{
	struct address to;
	int listener = tcp_listen(family, &to), client = NEED(socket(family, SOCK_STREAM, 0)), server;
	char byte;

	WANT(get_int(client, IPPROTO_TCP, THIN_LINEAR), 0);
	WANT(get_int(client, IPPROTO_TCP, RTO_MAX_MS), 120000);
	WANT(get_int(client, IPPROTO_TCP, RTO_MIN_US), 200000);
	WANT(get_int(client, IPPROTO_TCP, DELACK_MAX_US), 200000);
	wrong(client, THIN_LINEAR, 2);
	wrong(client, RTO_MAX_MS, 999);
	wrong(client, RTO_MAX_MS, 120001);
	for (int name = RTO_MIN_US; name <= DELACK_MAX_US; name++) {
		wrong(client, name, -1);
		wrong(client, name, 0);
		wrong(client, name, 200001);
		set_int(client, IPPROTO_TCP, name, 40000);
		WANT(get_int(client, IPPROTO_TCP, name), 40000);
	}
	set_int(client, IPPROTO_TCP, RTO_MAX_MS, 5000);
	WANT(get_int(client, IPPROTO_TCP, RTO_MAX_MS), 5000);
	set_int(client, IPPROTO_TCP, THIN_LINEAR, 1);
	WANT(get_int(client, IPPROTO_TCP, THIN_LINEAR), 1);
	set_int(listener, IPPROTO_TCP, RTO_MIN_US, 100000);
	NEED(connect(client, &to.any, to.length));
	server = NEED(accept(listener, NULL, NULL));
	WANT(get_int(server, IPPROTO_TCP, RTO_MIN_US), 100000);
	WANT(send(client, "x", 1, 0), 1);
	WANT(recv(server, &byte, 1, 0), 1);
	WANT(send(server, "x", 1, 0), 1);
	WANT(recv(client, &byte, 1, 0), 1);
	CHECK(rto_of(client) >= 40000 && rto_of(client) < 200000);
	close(client);
	close(server);
	close(listener);
}

int main(void)
{
	for_both(test);
	return done();
}
