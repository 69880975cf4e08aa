/*
 * SO_TIMESTAMP and SO_TIMESTAMPNS: when a datagram arrived, as an ancillary message; the
 * later of the two options is the one in force. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static struct message m;
	struct pair pair = udp_pair(AF_INET);
	struct timeval *when;
	struct timespec *exactly, now;

	set_int(pair.server, SOL_SOCKET, SO_TIMESTAMP, 1);
	NEED(send(pair.client, "x", 1, 0));
	WANT(receive(pair.server, &m, 0), 1);
	when = ancillary(&m, SOL_SOCKET, SO_TIMESTAMP);
	clock_gettime(CLOCK_REALTIME, &now);
	CHECK(when && when->tv_sec >= now.tv_sec - 2 && when->tv_sec <= now.tv_sec && when->tv_usec < 1000000);
	set_int(pair.server, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	WANT(get_int(pair.server, SOL_SOCKET, SO_TIMESTAMP), 0);
	NEED(send(pair.client, "x", 1, 0));
	WANT(receive(pair.server, &m, 0), 1);
	exactly = ancillary(&m, SOL_SOCKET, SO_TIMESTAMPNS);
	CHECK(exactly && exactly->tv_sec >= now.tv_sec && exactly->tv_nsec < 1000000000);
	CHECK(ancillary(&m, SOL_SOCKET, SO_TIMESTAMP) == NULL);
	return done();
}
