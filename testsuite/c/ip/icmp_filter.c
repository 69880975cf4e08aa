/*
 * ICMP_FILTER keeps ICMP types from a raw socket. raw(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address to = loopback(AF_INET, 0);
	unsigned mask = 1u << 8, got = 0;
	socklen_t length = sizeof got;
	unsigned char echo[8] = { 8, 0, 0xf7, 0xfe, 0, 1, 0, 0 }, packet[64];
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

	if (raw == -1 && errno == EPERM)
		return skip("not root");
	WANT(setsockopt(raw, SOL_RAW, 1 /* ICMP_FILTER */, &mask, sizeof mask), 0);
	WANT(getsockopt(raw, SOL_RAW, 1, &got, &length), 0);
	WANT(got, mask);
	NEED(sendto(raw, echo, sizeof echo, 0, &to.any, to.length));
	WANT(ready(raw, POLLIN, 2000), POLLIN);
	WANT(recv(raw, packet, sizeof packet, 0), 28);
	WANT(packet[20], 0);
	FAILS(recv(raw, packet, sizeof packet, MSG_DONTWAIT), EAGAIN);
	FAILS(setsockopt(NEED(socket(AF_INET, SOCK_RAW, IPPROTO_UDP)), SOL_RAW, 1, &mask, sizeof mask), EOPNOTSUPP);
	return done();
}
