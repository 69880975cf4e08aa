/*
 * TCP_INFO's state follows the connection: CLOSE, LISTEN, ESTABLISHED, FIN_WAIT2,
 * CLOSE_WAIT, and its figures count bytes. tcp(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

static struct tcp_info info_of(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof info;

	memset(&info, 0, sizeof info);
	NEED(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length));
	return info;
}

static void test(int family)
{
	struct address address;
	int fresh = NEED(socket(family, SOCK_STREAM, 0)), listener = tcp_listen(family, &address);
	struct pair pair = tcp_pair(family);
	struct tcp_info info;
	socklen_t length = 1;

	WANT(info_of(fresh).tcpi_state, TCP_CLOSE);
	WANT(info_of(listener).tcpi_state, TCP_LISTEN);
	info = info_of(pair.client);
	WANT(info.tcpi_state, TCP_ESTABLISHED);
	CHECK(info.tcpi_snd_mss > 0 && info.tcpi_rcv_mss > 0 && info.tcpi_pmtu > 0 && info.tcpi_snd_cwnd > 0 && info.tcpi_rto > 0);
	WANT(getsockopt(pair.client, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
	WANT(length, 1);
	NEED(shutdown(pair.server, SHUT_WR));
	NEED(ready(pair.client, POLLIN, 5000));
	sleep_ms(20);
	WANT(info_of(pair.server).tcpi_state, 5 /* TCP_FIN_WAIT2 */);
	WANT(info_of(pair.client).tcpi_state, 8 /* TCP_CLOSE_WAIT */);
	close_pair(pair);
	close(listener);
	close(fresh);
}

int main(void)
{
	for_both(test);
	return done();
}
