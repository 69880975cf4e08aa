/*
 * A filter or a packet socket that comes when a connection is under way is obeyed and
 * sees its segments; nothing that was sent before is lost (socket(7), packet(7)).
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <netpacket/packet.h>

static char buffer[1 << 16];

static int seen(int tap, const char *text)
{
	long long end = now_ms() + 2000;
	ssize_t len;

	while (now_ms() < end && ready(tap, POLLIN, 200))
		if ((len = recv(tap, buffer, sizeof buffer, MSG_DONTWAIT)) > 0 &&
		    memmem(buffer, len, text, strlen(text)))
			return 1;
	return 0;
}

static void watched(int family)
{
	struct pair pair = tcp_pair(family);
	int tap;

	WANT(send(pair.client, "before", 6, 0), 6);
	WANT(send(pair.server, "upwards", 7, 0), 7);
	tap = NEED(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL)));
	WANT(send(pair.client, "and after", 9, 0), 9);
	CHECK(seen(tap, "and after"));
	WANT(recv_all(pair.server, buffer, 15), 15);
	WANT(memcmp(buffer, "beforeand after", 15), 0);
	WANT(recv_all(pair.client, buffer, 7), 7);
	NEED(shutdown(pair.client, SHUT_WR));
	WANT(recv(pair.server, buffer, 1, 0), 0);
	WANT(send(pair.server, "still", 5, 0), 5);
	WANT(recv_all(pair.client, buffer, 5), 5);
	CHECK(seen(tap, "still"));
	close_pair(pair);
	close(tap);
}

static void filtered(int family)
{
	struct sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { 1, &drop_all };
	struct pair pair = tcp_pair(family);
	int zero = 0;

	WANT(send(pair.client, "before", 6, 0), 6);
	sleep_ms(50);
	NEED(setsockopt(pair.server, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
	WANT(send(pair.client, "held back", 9, 0), 9);
	sleep_ms(300);
	WANT(recv(pair.server, buffer, sizeof buffer, MSG_DONTWAIT), 6);
	FAILS(recv(pair.server, buffer, sizeof buffer, MSG_DONTWAIT), EAGAIN);
	NEED(setsockopt(pair.server, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof zero));
	CHECK(ready(pair.server, POLLIN, 5000) & POLLIN);
	WANT(recv(pair.server, buffer, sizeof buffer, MSG_DONTWAIT), 9);
	close_pair(pair);
}

static void test(int family)
{
	watched(family);
	filtered(family);
}

int main(void)
{
	for_both(test);
	return done();
}
