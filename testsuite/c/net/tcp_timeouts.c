/*
 * A peer that says nothing any more (here: whose filter drops all): data is sent again
 * after 200 ms, then half as often each time, as TCP_INFO tells; TCP_USER_TIMEOUT and
 * the keepalive triple end the connection with ETIMEDOUT; TCP_SYNCNT an attempt
 * (tcp(7), RFC 6298).
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include <linux/filter.h>

static char byte;

static void deafen(int fd)
{
	struct sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { 1, &drop_all };

	NEED(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

static struct tcp_info info_of(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof info;

	memset(&info, 0, sizeof info);
	NEED(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length));
	return info;
}

/* Waits for an error; answers how many milliseconds that took. */
static long long until_error(int fd, long long begin)
{
	CHECK(ready(fd, POLLIN, 12000) & POLLERR);
	return now_ms() - begin;
}

static void repeated(int family)
{
	struct pair pair = tcp_pair(family);
	struct tcp_info info;

	NEED(send(pair.client, "x", 1, 0));
	WANT(recv(pair.server, &byte, 1, 0), 1);
	sleep_ms(100);
	deafen(pair.server);
	NEED(send(pair.client, "y", 1, 0));
	sleep_ms(1000);
	info = info_of(pair.client);
	CHECK(info.tcpi_retransmits >= 2 && info.tcpi_retransmits <= 3);
	CHECK(info.tcpi_backoff >= 2 && info.tcpi_backoff <= 3);
	CHECK(info.tcpi_total_retrans >= 2 && info.tcpi_total_retrans <= 4);
	WANT(info.tcpi_unacked, 1);
	CHECK(info.tcpi_rto >= 800000 && info.tcpi_rto <= 2200000);
	NEED(setsockopt(pair.server, SOL_SOCKET, SO_DETACH_FILTER, &byte, sizeof(int)));
	CHECK(ready(pair.server, POLLIN, 3000) & POLLIN);
	WANT(recv(pair.server, &byte, 1, 0), 1);
	WANT(byte, 'y');
	sleep_ms(100);
	info = info_of(pair.client);
	WANT(info.tcpi_retransmits, 0);
	WANT(info.tcpi_backoff, 0);
	WANT(info.tcpi_unacked, 0);
	CHECK(info.tcpi_rto >= 200000 && info.tcpi_rto <= 500000);
	close_pair(pair);
}

static void given_up(int family)
{
	struct pair pair = tcp_pair(family);
	long long begin, took;

	deafen(pair.server);
	set_int(pair.client, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000);
	begin = now_ms();
	NEED(send(pair.client, "y", 1, 0));
	took = until_error(pair.client, begin);
	CHECK(took >= 900 && took < 3000);
	FAILS(recv(pair.client, &byte, 1, 0), ETIMEDOUT);
	WANT(recv(pair.client, &byte, 1, 0), 0);
	FAILS(send(pair.client, "z", 1, MSG_NOSIGNAL), EPIPE);
	close_pair(pair);
}

/* A reader that does not read keeps the window shut; the user timeout does not care why. */
static void shut_out(int family)
{
	struct pair pair = tcp_pair(family);
	static char block[1 << 16];
	long long begin, took;

	set_int(pair.client, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000);
	set_nonblocking(pair.client);
	begin = now_ms();
	while (send(pair.client, block, sizeof block, 0) > 0)
		;
	took = until_error(pair.client, begin);
	CHECK(took >= 900 && took < 6000);
	WANT(get_int(pair.client, SOL_SOCKET, SO_ERROR), ETIMEDOUT);
	close_pair(pair);
}

static void unprobed(int family)
{
	struct pair pair = tcp_pair(family);
	long long begin, took;

	set_int(pair.client, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_int(pair.client, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_int(pair.client, IPPROTO_TCP, TCP_KEEPCNT, 2);
	set_int(pair.client, SOL_SOCKET, SO_KEEPALIVE, 1);
	begin = now_ms();
	/* An idle peer that answers is no reason to end. */
	WANT(ready(pair.client, POLLIN, 2500), 0);
	deafen(pair.server);
	begin = now_ms();
	took = until_error(pair.client, begin);
	CHECK(took >= 1500 && took < 5000);
	FAILS(recv(pair.client, &byte, 1, 0), ETIMEDOUT);
	close_pair(pair);
}

static void unanswered(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address), client = NEED(socket(family, SOCK_STREAM, 0));
	long long begin = now_ms(), took;

	deafen(listener);
	set_int(client, IPPROTO_TCP, TCP_SYNCNT, 1);
	FAILS(connect(client, &address.any, address.length), ETIMEDOUT);
	took = now_ms() - begin;
	printf("# one repetition took %lld ms\n", took);
	CHECK(took >= 2000 && took < 8000);
	close(client);
	close(listener);
}

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	alarm(60);
	repeated(AF_INET);
	given_up(AF_INET6);
	shut_out(AF_INET);
	unprobed(AF_INET);
	unanswered(AF_INET);
	return done();
}
