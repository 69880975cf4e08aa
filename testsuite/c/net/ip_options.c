/*
 * IP_OPTIONS: record route, router alert and time stamps with what a socket sends;
 * IP_RECVOPTS and IP_RETOPTS with what it receives. ip(7), RFC 791, RFC 2113.
 * Agrees: Linux 7.2.
 */
#include "message.h"

static const unsigned char route[] = { 7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
static const unsigned char alert[] = { 0x94, 4, 0, 0 };
static const unsigned char stamp[] = { 68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

static void show(const char *what, const unsigned char *bytes, size_t length)
{
	printf("# %s:", what);
	for (size_t i = 0; bytes && i < length; i++)
		printf(" %02x", bytes[i]);
	printf("\n");
}

static void udp(void)
{
	struct pair pair = udp_pair(AF_INET);
	unsigned char got[64];
	socklen_t length = sizeof got;
	size_t n = 0;
	struct message *m;
	unsigned char *o;

	WANT(getsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, got, &length), 0);
	WANT(length, 0);
	WANT(setsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, route, sizeof route), 0);
	length = sizeof got;
	WANT(getsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, got, &length), 0);
	WANT(length, 12);
	show("set", got, length);
	set_int(pair.server, IPPROTO_IP, IP_RECVOPTS, 1);
	set_int(pair.server, IPPROTO_IP, IP_RETOPTS, 1);
	NEED(send(pair.client, "a", 1, 0));
	m = receive_soon(pair.server, 0);
	WANT(m->length, 1);
	o = ancillary_of(m, IPPROTO_IP, IP_RECVOPTS, &n);
	show("received", o, n);
	CHECK(o && n == 12 && o[0] == 7 && o[1] == 11 && o[2] == 12);
	/* The sender's address, then the receiver's. */
	CHECK(o && !memcmp(o + 3, "\x7f\0\0\x01\x7f\0\0\x01", 8));
	o = ancillary_of(m, IPPROTO_IP, IP_RETOPTS, &n);
	show("to answer with", o, n);
	/* A full one is given back as it is. */
	CHECK(o && n == 12 && o[0] == 7 && o[2] == 12);

	/* Nothing is sent once they are taken back. */
	WANT(setsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, NULL, 0), 0);
	NEED(send(pair.client, "b", 1, 0));
	m = receive_soon(pair.server, 0);
	CHECK(!ancillary(m, IPPROTO_IP, IP_RECVOPTS));

	WANT(setsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, alert, sizeof alert), 0);
	NEED(send(pair.client, "c", 1, 0));
	o = ancillary_of(receive_soon(pair.server, 0), IPPROTO_IP, IP_RECVOPTS, &n);
	show("alert", o, n);
	CHECK(o && n == 4 && !memcmp(o, alert, 4));

	WANT(setsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, stamp, sizeof stamp), 0);
	NEED(send(pair.client, "d", 1, 0));
	o = ancillary_of(receive_soon(pair.server, 0), IPPROTO_IP, IP_RECVOPTS, &n);
	show("stamp", o, n);
	CHECK(o && n == 12 && o[0] == 68 && o[2] == 13 && memcmp(o + 4, "\0\0\0\0", 4) && memcmp(o + 8, "\0\0\0\0", 4));

	/* One message's own. */
	WANT(setsockopt(pair.client, IPPROTO_IP, IP_OPTIONS, NULL, 0), 0);
	WANT(send_data_with(pair.client, "e", 1, 0, IPPROTO_IP, IP_RETOPTS, alert, sizeof alert), 1);
	o = ancillary_of(receive_soon(pair.server, 0), IPPROTO_IP, IP_RECVOPTS, &n);
	CHECK(o && n == 4 && !memcmp(o, alert, 4));
	close_pair(pair);
}

static void errors(void)
{
	static const unsigned char bad[] = { 7, 2, 4, 0 }, pointer[] = { 7, 7, 3, 0, 0, 0, 0, 0 };
	unsigned char odd[41] = { 1 };
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));

	FAILS(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, odd, sizeof odd), EINVAL);
	FAILS(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, bad, sizeof bad), EINVAL);
	FAILS(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, pointer, sizeof pointer), EINVAL);
	close(fd);
}

/* A raw socket sees the header, options and all. */
static void raw(void)
{
	struct address to = loopback(AF_INET, 0);
	int fd = NEED(socket(AF_INET, SOCK_RAW, 253));
	struct message *m;

	NEED(connect(fd, &to.any, to.length));
	WANT(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, alert, sizeof alert), 0);
	NEED(send(fd, "r", 1, 0));
	m = receive_soon(fd, 0);
	WANT(m->length, 25);
	WANT(m->data[0], 0x46);
	CHECK(!memcmp(m->data + 20, alert, 4));
	close(fd);
}

/* A router's part, asked for by one kind of socket only. RFC 2113. */
static void alerted(void)
{
	int fd = NEED(socket(AF_INET, SOCK_RAW, 253)), one = 1, zero = 0;

	WANT(get_int(fd, IPPROTO_IP, IP_ROUTER_ALERT), 0);
	FAILS(setsockopt(fd, IPPROTO_IP, IP_ROUTER_ALERT, &zero, sizeof zero), ENOBUFS);
	WANT(setsockopt(fd, IPPROTO_IP, IP_ROUTER_ALERT, &one, sizeof one), 0);
	WANT(get_int(fd, IPPROTO_IP, IP_ROUTER_ALERT), 1);
	FAILS(setsockopt(fd, IPPROTO_IP, IP_ROUTER_ALERT, &one, sizeof one), EADDRINUSE);
	WANT(setsockopt(fd, IPPROTO_IP, IP_ROUTER_ALERT, &zero, sizeof zero), 0);
	close(fd);
}

int main(void)
{
	udp();
	alerted();
	errors();
	raw();
	return done();
}
