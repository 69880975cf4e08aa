/*
 * A router between two namespaces for IPv6: net.ipv6.conf.all.forwarding, hop limits, errors about them
 * (ipv6(7), RFC 8200 section 3, RFC 4443 sections 3.1 to 3.3).
 * Agrees: Linux 6.18, 7.2.
 */
#include "link.h"

#include <linux/errqueue.h>

static struct sockaddr_in6 at(const char *address)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(4000) };

	inet_pton(AF_INET6, address, &sa.sin6_addr);
	return sa;
}

static int complaint(int fd, const char *from)
{
	char control[256], byte[2000];
	struct iovec v = { byte, sizeof byte };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct pollfd p = { .fd = fd };
	struct sock_extended_err *e;
	struct sockaddr_in6 offender = at(from);

	if (poll(&p, 1, 4000) != 1 || recvmsg(fd, &m, MSG_ERRQUEUE) < 0)
		return -1;
	e = (void *)CMSG_DATA(CMSG_FIRSTHDR(&m));
	CHECK(!memcmp(&((struct sockaddr_in6 *)SO_EE_OFFENDER(e))->sin6_addr, &offender.sin6_addr, 16));
	return e->ee_type << 8 | e->ee_code;
}

static int sender(int hops)
{
	int fd = NEED(socket(AF_INET6, SOCK_DGRAM, 0)), on = 1;

	NEED(setsockopt(fd, SOL_IPV6, IPV6_RECVERR, &on, sizeof on));
	NEED(setsockopt(fd, SOL_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof hops));
	return fd;
}

int main(void)
{
	struct space router, far;
	struct sockaddr_in6 b = at("fd00:2::2"), nowhere = at("fd00:3::1");
	char text[2000] = "", control[64];
	struct iovec v = { text, sizeof text };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct timeval patience = { .tv_sec = 4 };
	int udp, fd, on = 1;

	NEED(unshare(CLONE_NEWNET));
	router = space_new();
	far = space_new();
	WANT(link_veth("ar", "ra", router.pid), 0);
	WANT(link_up("ar"), 0);
	WANT(addr_add("ar", "fd00:1::1", 64), 0);
	space_enter(&router);
	WANT(link_up("lo"), 0);
	WANT(sysctl_set("net/ipv6/conf/all/forwarding", "1"), 0);
	WANT(link_up("ra"), 0);
	WANT(addr_add("ra", "fd00:1::2", 64), 0);
	WANT(link_veth("rb", "br", far.pid), 0);
	WANT(link_up("rb"), 0);
	WANT(addr_add("rb", "fd00:2::1", 64), 0);
	space_enter(&far);
	WANT(link_up("br"), 0);
	WANT(addr_add("br", "fd00:2::2", 64), 0);
	WANT(route_add("::", 0, "fd00:2::1", NULL), 0);
	udp = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	NEED(bind(udp, (void *)&b, sizeof b));
	NEED(setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
	NEED(setsockopt(udp, SOL_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on));
	space_leave();
	WANT(route_add("::", 0, "fd00:1::2", NULL), 0);
	WANT(link_becomes("ar", IFF_RUNNING, IFF_RUNNING), 1);
	space_enter(&far);
	WANT(link_becomes("br", IFF_RUNNING, IFF_RUNNING), 1);
	space_leave();
	/* The link-local addresses from which neighbours are asked want to be sure that they are alone. */
	sleep(2);

	fd = sender(64);
	WANT(sendto(fd, "x", 1, 0, (void *)&b, sizeof b), 1);
	WANT(recvmsg(udp, &m, 0), 1);
	WANT(*(int *)CMSG_DATA(CMSG_FIRSTHDR(&m)), 63);
	WANT(sendto(fd, "x", 1, 0, (void *)&nowhere, sizeof nowhere), 1);
	WANT(complaint(fd, "fd00:1::2"), 1 << 8 | 0);
	close(fd);
	fd = sender(1);
	WANT(sendto(fd, "x", 1, 0, (void *)&b, sizeof b), 1);
	WANT(complaint(fd, "fd00:1::2"), 3 << 8 | 0);
	return done();
}
