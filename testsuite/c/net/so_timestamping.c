/*
 * SO_TIMESTAMPING by software: what arrives, and what leaves on the error queue,
 * with numbers (OPT_ID), without the packet (OPT_TSONLY), for one message.
 * Linux's Documentation/networking/timestamping.
 * Agrees: Linux 7.2.
 */
#include "message.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

static struct sock_extended_err *error_of(struct message *m, int family)
{
	return family == AF_INET ? ancillary(m, IPPROTO_IP, IP_RECVERR) : ancillary(m, IPPROTO_IPV6, IPV6_RECVERR);
}

/* The stamp, if it lies within a minute of now. */
static int is_now(struct message *m)
{
	struct timespec *stamp = ancillary(m, SOL_SOCKET, SCM_TIMESTAMPING), now;

	clock_gettime(CLOCK_REALTIME, &now);
	return stamp && stamp->tv_sec > now.tv_sec - 60 && stamp->tv_sec <= now.tv_sec && !stamp[2].tv_sec;
}

static void stamped(int fd, int family, unsigned kind, unsigned id)
{
	struct sock_extended_err *e;
	struct message *m;

	WANT(ready(fd, 0, 1000) & POLLERR, POLLERR);
	m = receive_soon(fd, MSG_ERRQUEUE);
	WANT(m->length, 0);
	CHECK(is_now(m));
	e = error_of(m, family);
	CHECK(e && e->ee_errno == ENOMSG && e->ee_origin == SO_EE_ORIGIN_TIMESTAMPING);
	WANT(e ? e->ee_info : 99, kind);
	WANT(e ? e->ee_data : 99, id);
}

static void test(int family)
{
	struct pair pair = udp_pair(family);
	unsigned own = SOF_TIMESTAMPING_TX_SOFTWARE;
	struct message *m;
	int flags;

	set_int(pair.server, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
	/* Stamping what arrives may begin a little later. */
	for (int i = 0; i < 50; i++) {
		NEED(send(pair.client, "in", 2, 0));
		m = receive_soon(pair.server, 0);
		if (m->length == 2 && is_now(m))
			break;
		usleep(20000);
	}
	WANT(m->length, 2);
	CHECK(is_now(m));

	flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
	set_int(pair.client, SOL_SOCKET, SO_TIMESTAMPING, flags);
	WANT(get_int(pair.client, SOL_SOCKET, SO_TIMESTAMPING), flags);
	NEED(send(pair.client, "a", 1, 0));
	NEED(send(pair.client, "b", 1, 0));
	stamped(pair.client, family, SCM_TSTAMP_SND, 0);
	stamped(pair.client, family, SCM_TSTAMP_SND, 1);
	WANT(receive_soon(pair.client, MSG_ERRQUEUE)->error, EAGAIN);

	/* Asked for by one message. */
	set_int(pair.client, SOL_SOCKET, SO_TIMESTAMPING, flags & ~SOF_TIMESTAMPING_TX_SOFTWARE);
	NEED(send(pair.client, "c", 1, 0));
	WANT(receive_soon(pair.client, MSG_ERRQUEUE)->error, EAGAIN);
	WANT(send_data_with(pair.client, "d", 1, 0, SOL_SOCKET, SO_TIMESTAMPING, &own, sizeof own), 1);
	WANT(ready(pair.client, 0, 1000) & POLLERR, POLLERR);
	CHECK(is_now(receive_soon(pair.client, MSG_ERRQUEUE)));
	own = SOF_TIMESTAMPING_SOFTWARE;
	FAILS(send_data_with(pair.client, "e", 1, 0, SOL_SOCKET, SO_TIMESTAMPING, &own, sizeof own), EINVAL);
	close_pair(pair);

	/* A stream's number is that of the last byte. */
	pair = tcp_pair(family);
	set_int(pair.client, SOL_SOCKET, SO_TIMESTAMPING, flags);
	NEED(send(pair.client, "12345", 5, 0));
	stamped(pair.client, family, SCM_TSTAMP_SND, 4);
	NEED(send(pair.client, "678", 3, 0));
	stamped(pair.client, family, SCM_TSTAMP_SND, 7);
	close_pair(pair);
}

int main(void)
{
	int fd = NEED(socket(AF_INET, SOCK_STREAM, 0)), flags = SOF_TIMESTAMPING_OPT_ID;

	for_both(test);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags), EINVAL);
	return done();
}
