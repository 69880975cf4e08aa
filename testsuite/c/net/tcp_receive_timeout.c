/*
 * SO_RCVTIMEO (socket(7)): recv answers EAGAIN when the time is over, and not before;
 * accept obeys it too; the option reads back; a negative or huge microsecond field is
 * EDOM.
 * Agrees: Linux 6.18.
 */
#include "net.h"

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	struct address address;
	int listener = tcp_listen(family, &address);
	struct timeval span;
	socklen_t length = sizeof span;
	long long start;
	char byte;

	set_timeout(pair.client, SO_RCVTIMEO, 200);
	NEED(getsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &span, &length));
	WANT(span.tv_sec, 0);
	CHECK(span.tv_usec >= 200000 && span.tv_usec < 220000);
	start = now_ms();
	FAILS(recv(pair.client, &byte, 1, 0), EAGAIN);
	CHECK(now_ms() - start >= 195);
	CHECK(now_ms() - start < 5000);
	NEED(send(pair.server, "y", 1, 0));
	WANT(recv(pair.client, &byte, 1, 0), 1);
	set_timeout(listener, SO_RCVTIMEO, 100);
	FAILS(accept(listener, NULL, NULL), EAGAIN);
	span = (struct timeval){ 0, 1000000 };
	FAILS(setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &span, sizeof span), EDOM);
	close(listener);
	close_pair(pair);
}

int main(void)
{
	for_both(test);
	return done();
}
