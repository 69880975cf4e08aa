/*
 * /proc/net/tcp shows a connection's states as it goes through them: listening 0A,
 * established 01, FIN-WAIT-2 05, CLOSE-WAIT 08. proc(5).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "text.h"

static int state(int fd)
{
	struct address own = name_of(fd), peer = no_address();
	char want[40];
	int known = getpeername(fd, &peer.any, &peer.length) == 0, value = -1;

	snprintf(want, sizeof want, "0100007F:%04X %s%04X ", port_of(&own), known ? "0100007F:" : "00000000:", known ? port_of(&peer) : 0);
	char *line = strstr(text_of("/proc/net/tcp"), want);
	if (line)
		sscanf(line + strlen(want), "%x", (unsigned *)&value);
	return value;
}

int main(void)
{
	struct address address;
	int listener = tcp_listen(AF_INET, &address);
	struct pair pair;

	WANT(state(listener), 0x0a);
	pair = tcp_pair(AF_INET);
	WANT(state(pair.client), 1);
	WANT(state(pair.server), 1);
	NEED(shutdown(pair.client, SHUT_WR));
	NEED(ready(pair.server, POLLIN, 5000));
	sleep_ms(20);
	WANT(state(pair.client), 5);
	WANT(state(pair.server), 8);
	return done();
}
