/*
 * What two ends agree to in their SYNs follows net.ipv4.tcp_timestamps and tcp_sack, and TCP_INFO says it; with SYN cookies
 * (net.ipv4.tcp_syncookies 2: always) as well, because they are kept in the cookie's time stamp. Without stamps nothing else
 * can be kept (RFC 7323, RFC 2018, RFC 4987).
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include "text.h"

#define IPV4 "/proc/sys/net/ipv4/"
/* TCPI_OPT_*. */
#define STAMPS 1
#define SACK 2
#define SCALE 4

static long long counter(const char *name)
{
	char *names = strstr(text_of("/proc/net/netstat"), "TcpExt:"), *values = strstr(names + 1, "TcpExt:");

	for (char *n = names, *v = values; n < values; n += strcspn(n, " \n") + 1, v += strcspn(v, " \n") + 1)
		if (strcspn(n, " \n") == strlen(name) && !strncmp(n, name, strlen(name)))
			return atoll(v);
	return -1;
}

static int options_of(int fd)
{
	unsigned char info[256];
	socklen_t length = sizeof info;

	NEED(getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &length));
	return info[5];
}

static char block[200000];

static void test(int family)
{
	for (int i = 0; i < 8; i++) {
		int stamps = i & 1, sack = i >> 1 & 1, cookies = i >> 2 & 1;
		int agreed = (stamps ? STAMPS : 0) | (sack ? SACK : 0) | SCALE;
		long long given = counter("SyncookiesSent"), taken = counter("SyncookiesRecv");
		struct pair pair;

		NEED(write_text(IPV4 "tcp_timestamps", stamps ? "1" : "0"));
		NEED(write_text(IPV4 "tcp_sack", sack ? "1" : "0"));
		NEED(write_text(IPV4 "tcp_syncookies", cookies ? "2" : "1"));
		pair = tcp_pair(family);
		if (cookies && !stamps)
			agreed = 0;
		WANT(options_of(pair.client), agreed);
		WANT(options_of(pair.server), agreed);
		WANT(counter("SyncookiesSent") - given, cookies);
		WANT(counter("SyncookiesRecv") - taken, cookies);
		set_nonblocking(pair.client);
		for (size_t sent = 0; sent < sizeof block;) {
			ssize_t n = send(pair.client, block + sent, sizeof block - sent, 0);

			if (n > 0)
				sent += n;
			while (recv(pair.server, block, sizeof block, MSG_DONTWAIT) > 0)
				;
			if (n < 0)
				sleep_ms(1);
		}
		close(pair.client);
		close(pair.server);
	}
}

int main(void)
{
	if (write_text(IPV4 "tcp_syncookies", "1") != 0)
		return skip("the sysctl cannot be written");
	for_both(test);
	WANT(write_text(IPV4 "tcp_timestamps", "1"), 0);
	WANT(write_text(IPV4 "tcp_sack", "1"), 0);
	WANT(write_text(IPV4 "tcp_syncookies", "1"), 0);
	return done();
}
