/*
 * TCP_LINGER2: how long a connection that no descriptor has waits for the peer's FIN.
 * When that time is over the peer's next data is answered with a reset; below zero the
 * connection is reset at once (tcp(7), tcp_fin_timeout).
 * Agrees: Linux 7.2.
 */
#include "net.h"

static char byte;

/* How many rows of /proc/net/tcp are in FIN-WAIT-2 between these ports. */
static int waiting(int port, int other)
{
	FILE *table = fopen("/proc/net/tcp", "r");
	char line[512];
	unsigned a, b, state;
	int found = 0;

	NEED(table ? 0 : -1);
	while (fgets(line, sizeof line, table))
		if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %x", &a, &b, &state) == 3)
			found += state == 5 && (int)a == port && (int)b == other;
	fclose(table);
	return found;
}

int main(void)
{
	struct pair pair = tcp_pair(AF_INET);
	struct address client = name_of(pair.client), server = name_of(pair.server);

	WANT(get_int(pair.client, IPPROTO_TCP, TCP_LINGER2), 60);
	set_int(pair.client, IPPROTO_TCP, TCP_LINGER2, 2);
	WANT(get_int(pair.client, IPPROTO_TCP, TCP_LINGER2), 2);
	close(pair.client);
	WANT(recv(pair.server, &byte, 1, 0), 0);
	sleep_ms(500);
	WANT(waiting(port_of(&client), port_of(&server)), 1);
	sleep_ms(2500);
	WANT(waiting(port_of(&client), port_of(&server)), 0);
	WANT(ready(pair.server, POLLIN | POLLOUT, 0) & (POLLERR | POLLHUP), 0);
	WANT(send(pair.server, "x", 1, MSG_NOSIGNAL), 1);
	CHECK(ready(pair.server, 0, 2000) & POLLERR);
	FAILS(send(pair.server, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(recv(pair.server, &byte, 1, 0), 0);
	close(pair.server);

	/* Not at all: the reset follows the FIN. */
	pair = tcp_pair(AF_INET);
	set_int(pair.client, IPPROTO_TCP, TCP_LINGER2, -1);
	WANT(get_int(pair.client, IPPROTO_TCP, TCP_LINGER2), -1);
	close(pair.client);
	CHECK(ready(pair.server, 0, 2000) & POLLERR);
	WANT(recv(pair.server, &byte, 1, 0), 0);
	WANT(get_int(pair.server, SOL_SOCKET, SO_ERROR), EPIPE);
	FAILS(send(pair.server, "x", 1, MSG_NOSIGNAL), EPIPE);
	close(pair.server);

	/* Half closed with a descriptor, it may wait as long as it likes. */
	pair = tcp_pair(AF_INET);
	set_int(pair.client, IPPROTO_TCP, TCP_LINGER2, 1);
	NEED(shutdown(pair.client, SHUT_WR));
	sleep_ms(2000);
	WANT(send(pair.server, "x", 1, 0), 1);
	WANT(recv(pair.client, &byte, 1, 0), 1);
	close_pair(pair);
	return done();
}
