/*
 * A lot of data in both directions at once arrives whole and in order.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void talk(int fd, unsigned seed, unsigned *sum)
{
	static unsigned char block[3001];
	size_t sent = 0, got = 0, whole = 2000000;

	set_nonblocking(fd);
	*sum = 0;
	while (sent < whole || got < whole) {
		int events = ready(fd, POLLIN | (sent < whole ? POLLOUT : 0), 5000);
		ssize_t n;

		if (!events)
			return;
		if (events & POLLOUT) {
			size_t room = whole - sent < sizeof block ? whole - sent : sizeof block;

			for (size_t i = 0; i < room; i++)
				block[i] = (sent + i) * seed >> 3;
			n = send(fd, block, room, 0);
			sent += n > 0 ? n : 0;
		}
		if (events & POLLIN) {
			n = recv(fd, block, sizeof block, 0);
			for (ssize_t i = 0; i < n; i++)
				*sum += block[i] != (unsigned char)((got + i) * (seed ^ 6) >> 3);
			got += n > 0 ? n : 0;
		}
	}
}

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	unsigned wrong;
	pid_t child;

	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		talk(pair.client, 5, &wrong);
		_exit(wrong != 0);
	}
	talk(pair.server, 3, &wrong);
	WANT(wrong, 0);
	CHECK(left_well(child));
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
