/*
 * A packet for a protocol that nobody speaks is answered "protocol unreachable", which a
 * raw sender with IP_RECVERR sees as ENOPROTOOPT. RFC 1122 section 3.2.2.1.
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

#include <linux/errqueue.h>

int main(void)
{
	static struct message m;
	struct address to = loopback(AF_INET, 0);
	struct sock_extended_err *why;
	int raw = socket(AF_INET, SOCK_RAW, 254);

	if (raw == -1 && errno == EPERM)
		return skip("not root");
	close(raw);
	raw = NEED(socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
	set_int(raw, IPPROTO_IP, IP_RECVERR, 1);
	unsigned char packet[24] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 33, 254, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1 };
	NEED(sendto(raw, packet, sizeof packet, 0, &to.any, to.length));
	if (!(ready(raw, 0, 500) & POLLERR)) {
		/* IPPROTO_RAW hears no errors: the answer goes to sockets of protocol 254. */
		int listener = NEED(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));

		NEED(sendto(raw, packet, sizeof packet, 0, &to.any, to.length));
		WANT(ready(listener, POLLIN, 2000), POLLIN);
		NEED(receive(listener, &m, 0));
		WANT(m.data[20], 3);
		WANT(m.data[21], 2);
		return done();
	}
	NEED(receive(raw, &m, MSG_ERRQUEUE));
	why = ancillary(&m, IPPROTO_IP, IP_RECVERR);
	CHECK(why && why->ee_errno == ENOPROTOOPT && why->ee_type == 3 && why->ee_code == 2);
	return done();
}
