/*
 * A router between two namespaces: packets pass only with net.ipv4.ip_forward, one hop older; who sends
 * too far, to nowhere or too much is told (ip(7), RFC 1812 sections 4.2.2.9, 4.3.3.1, 5.3.1).
 * Agrees: Linux 6.18, 7.2.
 */
#include "link.h"

#include <linux/errqueue.h>

static struct sockaddr_in at(const char *address)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(4000) };

	inet_pton(AF_INET, address, &sa.sin_addr);
	return sa;
}

/* The error that came back: its type and code as type * 256 + code, and who said it. */
static int complaint(int fd, const char *from, unsigned *info)
{
	char control[256], byte[2000];
	struct iovec v = { byte, sizeof byte };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct pollfd p = { .fd = fd };
	struct sock_extended_err *e;
	struct sockaddr_in offender = at(from);

	if (poll(&p, 1, 4000) != 1 || recvmsg(fd, &m, MSG_ERRQUEUE) < 0)
		return -1;
	e = (void *)CMSG_DATA(CMSG_FIRSTHDR(&m));
	CHECK(((struct sockaddr_in *)SO_EE_OFFENDER(e))->sin_addr.s_addr == offender.sin_addr.s_addr);
	if (info)
		*info = e->ee_info;
	return e->ee_type << 8 | e->ee_code;
}

static int sender(int ttl, int discover)
{
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), on = 1;

	NEED(setsockopt(fd, SOL_IP, IP_RECVERR, &on, sizeof on));
	NEED(setsockopt(fd, SOL_IP, IP_TTL, &ttl, sizeof ttl));
	NEED(setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, &discover, sizeof discover));
	return fd;
}

static int set_mtu(const char *name, unsigned mtu)
{
	struct nl_request r = link_begin(RTM_NEWLINK, 0, name);

	nl_put_u32(&r, IFLA_MTU, mtu);
	return link_ask(&r);
}

int main(void)
{
	struct space router, far;
	struct sockaddr_in b = at("10.2.0.2"), nowhere = at("10.3.0.1");
	char text[2000] = "", control[64];
	struct iovec v = { text, sizeof text };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct timeval patience = { .tv_sec = 2 };
	int udp, listener, fd, on = 1, peer;
	unsigned info = 0;

	NEED(unshare(CLONE_NEWNET));
	router = space_new();
	far = space_new();
	WANT(link_veth("ar", "ra", router.pid), 0);
	WANT(link_up("ar"), 0);
	WANT(addr_add("ar", "10.1.0.1", 24), 0);
	space_enter(&router);
	WANT(link_up("lo"), 0);
	WANT(link_up("ra"), 0);
	WANT(addr_add("ra", "10.1.0.2", 24), 0);
	WANT(link_veth("rb", "br", far.pid), 0);
	WANT(link_up("rb"), 0);
	WANT(addr_add("rb", "10.2.0.1", 24), 0);
	space_enter(&far);
	WANT(link_up("br"), 0);
	WANT(addr_add("br", "10.2.0.2", 24), 0);
	WANT(route_add("0.0.0.0", 0, "10.2.0.1", NULL), 0);
	udp = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	NEED(bind(udp, (void *)&b, sizeof b));
	NEED(setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
	NEED(setsockopt(udp, SOL_IP, IP_RECVTTL, &on, sizeof on));
	listener = NEED(socket(AF_INET, SOCK_STREAM, 0));
	NEED(bind(listener, (void *)&b, sizeof b));
	NEED(listen(listener, 1));
	space_leave();
	WANT(route_add("0.0.0.0", 0, "10.1.0.2", NULL), 0);

	WANT(link_becomes("ar", IFF_RUNNING, IFF_RUNNING), 1);
	space_enter(&far);
	WANT(link_becomes("br", IFF_RUNNING, IFF_RUNNING), 1);
	space_leave();

	fd = sender(64, IP_PMTUDISC_DONT);
	WANT(sendto(fd, "x", 1, 0, (void *)&b, sizeof b), 1);
	FAILS(recv(udp, text, sizeof text, 0), EAGAIN);
	space_enter(&router);
	WANT(sysctl_set("net/ipv4/ip_forward", "1"), 0);
	space_leave();
	WANT(sendto(fd, "x", 1, 0, (void *)&b, sizeof b), 1);
	WANT(recvmsg(udp, &m, 0), 1);
	WANT(*(int *)CMSG_DATA(CMSG_FIRSTHDR(&m)), 63);

	/* Nobody routes 10.3 at the router. */
	WANT(sendto(fd, "x", 1, 0, (void *)&nowhere, sizeof nowhere), 1);
	WANT(complaint(fd, "10.1.0.2", NULL), 3 << 8 | 0);
	close(fd);
	fd = sender(1, IP_PMTUDISC_DONT);
	WANT(sendto(fd, "x", 1, 0, (void *)&b, sizeof b), 1);
	WANT(complaint(fd, "10.1.0.2", NULL), 11 << 8 | 0);
	close(fd);

	/* A narrower link: in pieces, or with the width. */
	space_enter(&router);
	WANT(set_mtu("rb", 1000), 0);
	space_leave();
	fd = sender(64, IP_PMTUDISC_DONT);
	WANT(sendto(fd, text, 1400, 0, (void *)&b, sizeof b), 1400);
	WANT(recv(udp, text, sizeof text, 0), 1400);
	close(fd);
	fd = sender(64, IP_PMTUDISC_PROBE);
	WANT(sendto(fd, text, 1400, 0, (void *)&b, sizeof b), 1400);
	WANT(complaint(fd, "10.1.0.2", &info), 3 << 8 | 4);
	WANT(info, 1000);
	close(fd);

	fd = NEED(socket(AF_INET, SOCK_STREAM, 0));
	WANT(connect(fd, (void *)&b, sizeof b), 0);
	peer = accept(listener, NULL, NULL);
	CHECK(peer >= 0);
	WANT(send(fd, text, sizeof text, 0), sizeof text);
	WANT(recv(peer, text, sizeof text, MSG_WAITALL), sizeof text);
	return done();
}
