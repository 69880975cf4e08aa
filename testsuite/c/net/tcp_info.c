/*
 * TCP_INFO and TCP_CONGESTION: counts of bytes and segments, times, windows; the names
 * of the algorithms (tcp(7), RFC 4898).
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include <stdint.h>

/* As of Linux 6.x, with the fields that C libraries do not name. */
struct info {
	uint8_t tcpi_state, tcpi_ca_state, tcpi_retransmits, tcpi_probes, tcpi_backoff, tcpi_options, scales, flags;
	uint32_t tcpi_rto, tcpi_ato, tcpi_snd_mss, tcpi_rcv_mss, tcpi_unacked, tcpi_sacked, tcpi_lost, tcpi_retrans,
		tcpi_fackets, tcpi_last_data_sent, tcpi_last_ack_sent, tcpi_last_data_recv, tcpi_last_ack_recv,
		tcpi_pmtu, tcpi_rcv_ssthresh, tcpi_rtt, tcpi_rttvar, tcpi_snd_ssthresh, tcpi_snd_cwnd, tcpi_advmss,
		tcpi_reordering, tcpi_rcv_rtt, tcpi_rcv_space, tcpi_total_retrans;
	uint64_t pacing[2], tcpi_bytes_acked, tcpi_bytes_received;
	uint32_t tcpi_segs_out, tcpi_segs_in, tcpi_notsent_bytes, tcpi_min_rtt, tcpi_data_segs_in, tcpi_data_segs_out;
	uint64_t rate, busy[3];
	uint32_t tcpi_delivered, delivered_ce;
	uint64_t tcpi_bytes_sent, bytes_retrans;
	uint32_t dsack_dups, reord_seen, rcv_ooopack, tcpi_snd_wnd;
};

static char block[100000];

static struct info info_of(int fd)
{
	struct info info;
	socklen_t length = sizeof info;

	memset(&info, 0, sizeof info);
	NEED(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length));
	return info;
}

static void test(int family)
{
	struct pair pair = tcp_pair(family);
	struct info client, server;
	char name[16] = "";
	socklen_t length = sizeof name;

	WANT(getsockopt(pair.client, IPPROTO_TCP, TCP_CONGESTION, name, &length), 0);
	WANT(length, 16);
	WANT(strcmp(name, "cubic"), 0);
	WANT(setsockopt(pair.client, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
	NEED(getsockopt(pair.client, IPPROTO_TCP, TCP_CONGESTION, name, &length));
	WANT(strcmp(name, "reno"), 0);
	WANT(setsockopt(pair.client, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5), 0);
	FAILS(setsockopt(pair.client, IPPROTO_TCP, TCP_CONGESTION, "nonesuch", 8), ENOENT);
	FAILS(setsockopt(pair.client, IPPROTO_TCP, TCP_CONGESTION, "", 0), EINVAL);

	client = info_of(pair.client);
	WANT(client.tcpi_state, 1);
	WANT(client.tcpi_snd_cwnd, 10);
	CHECK(client.tcpi_rtt > 0 && client.tcpi_rtt < 100000);
	CHECK(client.tcpi_rto >= 200000 && client.tcpi_rto <= 500000);
	WANT(client.tcpi_bytes_acked, 1);
	WANT(client.tcpi_bytes_received, 0);
	WANT(client.tcpi_bytes_sent, 0);

	WANT(send(pair.client, block, sizeof block, 0), sizeof block);
	WANT(recv_all(pair.server, block, sizeof block), sizeof block);
	WANT(send(pair.server, block, 1000, 0), 1000);
	WANT(recv_all(pair.client, block, 1000), 1000);
	sleep_ms(100);
	client = info_of(pair.client);
	server = info_of(pair.server);
	WANT(client.tcpi_bytes_acked, 1 + sizeof block);
	/* On a slow machine Linux may repeat a segment. */
	WANT(client.tcpi_bytes_sent - client.bytes_retrans, sizeof block);
	WANT(client.tcpi_bytes_received, 1000);
	WANT(server.tcpi_bytes_acked, 1000);
	WANT(server.tcpi_bytes_sent, 1000);
	WANT(server.tcpi_bytes_received, sizeof block);
	WANT(client.tcpi_retransmits, 0);
	CHECK((client.tcpi_total_retrans == 0) == (client.bytes_retrans == 0));
	WANT(client.tcpi_retrans, 0);
	WANT(client.tcpi_lost, 0);
	WANT(client.tcpi_unacked, 0);
	WANT(client.tcpi_notsent_bytes, 0);
	WANT(client.tcpi_ca_state, 0);
	CHECK(client.tcpi_snd_cwnd >= 10);
	CHECK(client.tcpi_data_segs_out >= 1 && client.tcpi_segs_out > client.tcpi_data_segs_out);
	CHECK(client.tcpi_data_segs_in >= 1 && client.tcpi_segs_in > client.tcpi_data_segs_in);
	WANT(server.tcpi_data_segs_out, 1);
	CHECK(client.tcpi_last_data_sent >= 50 && client.tcpi_last_data_sent < 5000);
	CHECK(server.tcpi_last_data_recv >= 50 && server.tcpi_last_data_recv < 5000);
	CHECK(client.tcpi_snd_wnd > 0);
	CHECK(client.tcpi_rcv_space > 0);
	CHECK(client.tcpi_min_rtt > 0 && client.tcpi_min_rtt <= client.tcpi_rtt * 2);
	CHECK(client.tcpi_delivered >= 2);
	CHECK(client.tcpi_snd_ssthresh > 1000000);
	close(pair.client);
	sleep_ms(20);
	WANT(info_of(pair.server).tcpi_state, 8);
	close(pair.server);
}

int main(void)
{
	struct address address;
	int listener;
	struct info info;

	for_both(test);
	listener = tcp_listen(AF_INET, &address);
	NEED(listen(listener, 7));
	info = info_of(listener);
	WANT(info.tcpi_state, 10);
	WANT(info.tcpi_unacked, 0);
	WANT(info.tcpi_sacked, 7);
	NEED(connect(NEED(socket(AF_INET, SOCK_STREAM, 0)), &address.any, address.length));
	sleep_ms(20);
	WANT(info_of(listener).tcpi_unacked, 1);
	return done();
}
