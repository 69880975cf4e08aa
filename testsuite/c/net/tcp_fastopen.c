/*
 * TCP Fast Open over loopback: the first connection asks for a cookie, the next one brings its data with the SYN,
 * which accept(2) finds (RFC 7413, tcp(7) TCP_FASTOPEN, send(2) MSG_FASTOPEN).
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include "text.h"

#define FASTOPEN "/proc/sys/net/ipv4/tcp_fastopen"
/* TCPI_OPT_*: time stamps, SACK and scaled windows; data went with the SYN; this is the end that took it. */
#define OPT_USUAL 7
#define OPT_SYN_DATA 32
#define OPT_TFO_CHILD 128

static long long counter(const char *name)
{
	char *text = text_of("/proc/net/netstat"), *names = strstr(text, "TcpExt:"), *values;
	long long value = -1;

	values = strstr(names + 1, "TcpExt:");
	for (char *n = names, *v = values; n < values; n += strcspn(n, " \n") + 1, v += strcspn(v, " \n") + 1)
		if (strcspn(n, " \n") == strlen(name) && !strncmp(n, name, strlen(name)))
			value = atoll(v);
	return value;
}

static int options_of(int fd)
{
	unsigned char info[256];
	socklen_t length = sizeof info;

	NEED(getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &length));
	return info[5];
}

static int fast_listen(int family, struct address *address, int queue)
{
	int fd = bound(family, SOCK_STREAM, address);

	set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, queue);
	NEED(listen(fd, 16));
	return fd;
}

/* One connection whose request goes with MSG_FASTOPEN. */
static void one(int family, int listener, struct address *to, int data_in_syn, int asks)
{
	int client = NEED(socket(family, SOCK_STREAM, 0)), server;
	char buffer[16];
	long long active = counter("TCPFastOpenActive"), passive = counter("TCPFastOpenPassive");
	long long asked = counter("TCPFastOpenCookieReqd");

	WANT(sendto(client, "hello", 5, MSG_FASTOPEN, &to->any, to->length), 5);
	server = NEED(accept(listener, NULL, NULL));
	WANT(recv(server, buffer, sizeof buffer, 0), 5);
	WANT(memcmp(buffer, "hello", 5), 0);
	WANT(send(server, "world", 5, 0), 5);
	WANT(recv(client, buffer, sizeof buffer, 0), 5);
	WANT(options_of(client), OPT_USUAL | (data_in_syn ? OPT_SYN_DATA : 0));
	WANT(options_of(server), OPT_USUAL | (data_in_syn ? OPT_SYN_DATA | OPT_TFO_CHILD : 0));
	WANT(counter("TCPFastOpenActive") - active, data_in_syn);
	WANT(counter("TCPFastOpenPassive") - passive, data_in_syn);
	WANT(counter("TCPFastOpenCookieReqd") - asked, asks);
	close(client);
	WANT(recv(server, buffer, sizeof buffer, 0), 0);
	close(server);
}

static void test(int family)
{
	struct address to, peer = no_address();
	int listener = fast_listen(family, &to, 5), client, server;
	char buffer[16];

	WANT(get_int(listener, IPPROTO_TCP, TCP_FASTOPEN), 5);
	one(family, listener, &to, 0, 1);
	one(family, listener, &to, 1, 0);
	one(family, listener, &to, 1, 0);

	/* Nonblocking with a cookie: the data goes, the connection follows. */
	client = NEED(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
	WANT(sendto(client, "abc", 3, MSG_FASTOPEN, &to.any, to.length), 3);
	server = NEED(accept(listener, NULL, NULL));
	WANT(recv(server, buffer, sizeof buffer, 0), 3);
	close(client);
	close(server);

	/* TCP_FASTOPEN_CONNECT: connect(2) says yes at once, the first write connects. */
	client = NEED(socket(family, SOCK_STREAM, 0));
	set_int(client, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	WANT(connect(client, &to.any, to.length), 0);
	WANT(ready(client, POLLIN | POLLOUT, 0), POLLOUT);
	WANT(ready(listener, POLLIN, 50), 0);
	WANT(send(client, "later", 5, 0), 5);
	server = NEED(accept(listener, NULL, NULL));
	WANT(recv(server, buffer, sizeof buffer, 0), 5);
	WANT(options_of(client), 7 | OPT_SYN_DATA);
	close(client);
	close(server);

	/* Nothing has connected before data is there. */
	client = NEED(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
	set_int(client, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	WANT(connect(client, &to.any, to.length), 0);
	FAILS(recv(client, buffer, 4, 0), EAGAIN);
	FAILS(getpeername(client, &peer.any, &peer.length), ENOTCONN);
	FAILS(connect(client, &to.any, to.length), EISCONN);
	WANT(ready(listener, POLLIN, 50), 0);
	close(client);

	/* A listener without the option takes the connection, without the data in the SYN. */
	close(listener);
	listener = tcp_listen(family, &to);
	one(family, listener, &to, 0, 0);
	client = NEED(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
	WANT(sendto(client, "abc", 3, MSG_FASTOPEN, &to.any, to.length), 3);
	close(client);
	close(listener);

	/* No cookie wanted: data at the first contact. */
	client = NEED(socket(family, SOCK_STREAM, 0));
	set_int(client, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	listener = bound(family, SOCK_STREAM, &to);
	set_int(listener, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	set_int(listener, IPPROTO_TCP, TCP_FASTOPEN, 5);
	NEED(listen(listener, 5));
	WANT(sendto(client, "first", 5, MSG_FASTOPEN, &to.any, to.length), 5);
	server = NEED(accept(listener, NULL, NULL));
	WANT(recv(server, buffer, sizeof buffer, 0), 5);
	WANT(options_of(client), OPT_USUAL | OPT_SYN_DATA);
	WANT(options_of(server), OPT_USUAL | OPT_SYN_DATA | OPT_TFO_CHILD);
	close(client);
	close(server);
	close(listener);
}

#define KEY "/proc/sys/net/ipv4/tcp_fastopen_key"

int main(void)
{
	char key[64];
	socklen_t length = sizeof key;
	int fd = NEED(socket(AF_INET, SOCK_STREAM, 0));
	struct address to = nobody(AF_INET, SOCK_STREAM), none = to;

	if (write_text(FASTOPEN, "3") != 0)
		return skip("the sysctl cannot be written");
	WANT(getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, &length), 0);
	WANT(length, 0);
	memset(key, 7, sizeof key);
	WANT(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, 16), 0);
	FAILS(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, 17), EINVAL);
	length = sizeof key;
	WANT(getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, &length), 0);
	WANT(length, 16);
	FAILS(sendto(fd, "x", 1, MSG_FASTOPEN, &to.any, to.length), ECONNREFUSED);
	close(fd);
	fd = NEED(socket(AF_INET, SOCK_STREAM, 0));
	FAILS(sendto(fd, "x", 1, MSG_FASTOPEN, NULL, 0), EINVAL);
	none.any.sa_family = AF_UNSPEC;
	FAILS(sendto(fd, "x", 1, MSG_FASTOPEN, &none.any, none.length), EOPNOTSUPP);
	for_both(test);

	WANT(write_text(KEY, "1-2-3-4"), 0);
	WANT(strcmp(text_of(KEY), "00000001-00000002-00000003-00000004\n"), 0);
	WANT(write_text(KEY, "1-2-3-4,5-6-7-8"), 0);
	WANT(strcmp(text_of(KEY), "00000001-00000002-00000003-00000004,00000005-00000006-00000007-00000008\n"), 0);
	FAILS(write_text(KEY, "1-2-3"), EINVAL);

	NEED(write_text(FASTOPEN, "0"));
	FAILS(sendto(fd, "x", 1, MSG_FASTOPEN, &to.any, to.length), EOPNOTSUPP);
	FAILS(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){ 1 }, sizeof(int)), EOPNOTSUPP);
	set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, 1);
	NEED(write_text(FASTOPEN, "1"));
	return done();
}
