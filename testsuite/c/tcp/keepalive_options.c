/*
 * The three figures of keep-alive: defaults, what can be set and what is EINVAL. tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static void test(int family)
{
	int fd = NEED(socket(family, SOCK_STREAM, 0));
	const struct { int name, standard, highest; } rows[] = {
		{ TCP_KEEPIDLE, 7200, 32767 }, { TCP_KEEPINTVL, 75, 32767 }, { TCP_KEEPCNT, 9, 127 },
	};

	WANT(get_int(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	for (int i = 0; i < 3; i++) {
		WANT(get_int(fd, IPPROTO_TCP, rows[i].name), rows[i].standard);
		WANT(setsockopt(fd, IPPROTO_TCP, rows[i].name, &rows[i].highest, sizeof(int)), 0);
		WANT(get_int(fd, IPPROTO_TCP, rows[i].name), rows[i].highest);
		FAILS(setsockopt(fd, IPPROTO_TCP, rows[i].name, &(int){ rows[i].highest + 1 }, sizeof(int)), EINVAL);
		FAILS(setsockopt(fd, IPPROTO_TCP, rows[i].name, &(int){ 0 }, sizeof(int)), EINVAL);
	}
	close(fd);
}

int main(void)
{
	for_both(test);
	return done();
}
