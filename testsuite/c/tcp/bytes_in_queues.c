/*
 * FIONREAD counts what can be read, SIOCOUTQ what is not acknowledged yet; EINVAL on a
 * listener. tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	static char block[1 << 20];
	struct address address;
	struct pair pair = tcp_pair(family);
	int listener = tcp_listen(family, &address), value = -1;
	ssize_t sent = 0, n;

	NEED(send(pair.client, "abcde", 5, 0));
	NEED(ready(pair.server, POLLIN, 5000));
	WANT(ioctl(pair.server, FIONREAD, &value), 0);
	WANT(value, 5);
	NEED(recv(pair.server, block, 2, 0));
	WANT(ioctl(pair.server, FIONREAD, &value), 0);
	WANT(value, 3);
	for (int i = 0; i < 100 && ioctl(pair.client, TIOCOUTQ, &value) == 0 && value; i++)
		sleep_ms(5);
	WANT(value, 0);
	FAILS(ioctl(listener, FIONREAD, &value), EINVAL);
	FAILS(ioctl(listener, TIOCOUTQ, &value), EINVAL);
	set_nonblocking(pair.client);
	for (int i = 0; i < 20; i++, sleep_ms(2))
		while ((n = write(pair.client, block, sizeof block)) > 0)
			sent += n;
	WANT(ioctl(pair.client, TIOCOUTQ, &value), 0);
	CHECK(value > 0 && value <= sent);
	close_pair(pair);
	close(listener);
}

int main(void)
{
	for_both(test);
	return done();
}
