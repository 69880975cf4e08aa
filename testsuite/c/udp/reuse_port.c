/*
 * SO_REUSEPORT spreads senders over several sockets, and one sender always reaches the
 * same. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	struct address address = nobody(family, SOCK_DGRAM);
	int fds[2], counts[2] = { 0, 0 }, same = 1;
	char byte;

	for (int i = 0; i < 2; i++) {
		fds[i] = NEED(socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0));
		set_int(fds[i], SOL_SOCKET, SO_REUSEPORT, 1);
		WANT(bind(fds[i], &address.any, address.length), 0);
	}
	for (int i = 0; i < 40; i++) {
		int sender = NEED(socket(family, SOCK_DGRAM, 0)), mine[2] = { 0, 0 };

		NEED(sendto(sender, "x", 1, 0, &address.any, address.length));
		NEED(sendto(sender, "x", 1, 0, &address.any, address.length));
		for (int k = 0; k < 2; k++)
			while (recv(fds[k], &byte, 1, 0) == 1)
				mine[k]++;
		same &= mine[0] + mine[1] == 2 && mine[0] != 1;
		counts[0] += mine[0];
		counts[1] += mine[1];
		close(sender);
	}
	CHECK(counts[0] > 0 && counts[1] > 0);
	CHECK(same);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	for_both(test);
	return done();
}
