/*
 * SO_SNDTIMEO (socket(7)): send into a full connection answers EAGAIN when the time is
 * over, or the part that went; connect answers EINPROGRESS.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	static char block[65536];
	struct pair pair = tcp_pair(family);
	long long start, total = 0;
	ssize_t n;
	int error;

	set_timeout(pair.client, SO_SNDTIMEO, 200);
	do {
		start = now_ms();
		n = send(pair.client, block, sizeof block, 0);
		error = errno;
		if (n > 0)
			total += n;
	} while (n > 0 && total < 1 << 30);
	WANT(n, -1);
	WANT(error, EAGAIN);
	CHECK(now_ms() - start >= 195);
	CHECK(now_ms() - start < 5000);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
