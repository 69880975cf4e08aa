/*
 * What lies between and behind the fields of structures that socket calls fill: cleared, or
 * left as the program had it, and never something else.
 *
 * A row: the length that the call said, if any; each gap in the order of the structure; what
 * follows the structure. getsockname(2), recvmsg(2), cmsg(3), getsockopt(2), netdevice(7),
 * netlink(7), packet(7), Documentation/networking/packet_mmap.rst.
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include "gaps.h"
#include "raw.h"

#include <linux/errqueue.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static const struct row linux_says[] = {
	{ "getsockname IPv4", "16 zero, kept" },
	{ "getsockname IPv6", "28 zero, kept" },
	{ "getsockname IPv4 with room for 5", "16 kept" },
	{ "getpeername IPv4", "16 zero, kept" },
	{ "accept IPv4", "16 zero, kept" },
	{ "getsockname AF_UNIX fresh", "2 none, kept" },
	{ "getsockname AF_UNIX", "17 zero, kept" },
	{ "getsockname AF_UNIX autobound", "8 zero, kept" },
	{ "recvfrom AF_UNIX", "0 kept, kept" },
	{ "getsockname AF_NETLINK", "12 zero, kept" },
	{ "getsockname AF_PACKET fresh", "12 zero, kept" },
	{ "getsockname AF_PACKET", "18 zero, kept" },
	{ "getsockname AF_VSOCK", "16 zero, kept" },
	{ "behind AF_VSOCK", "zero" },
	{ "message IPv4", "3, name 16 kept, header kept kept, control 0/8:28 kept 0/2:20 kept 0/1:17 kept 0/20:32, behind kept, data kept" },
	{ "message IPv4 with room for 8", "3, name 16 kept, header kept kept, control 0/8:28, behind kept, data kept" },
	{ "message IPv6", "3, name 28 kept, header kept kept, control 41/50:36 kept 41/52:20 kept 41/67:20 kept, behind kept, data kept" },
	{ "message AF_UNIX with a descriptor", "3, name 0 kept, header kept kept, control 1/1:20 kept, behind kept, data kept" },
	{ "message AF_UNIX with credentials", "3, name 0 kept, header kept kept, control 1/2:28 kept, behind kept, data kept" },
	{ "error IPv4", "3, name 16 kept, header kept kept, control 0/11:48, behind kept, data kept" },
	{ "error IPv6", "3, name 28 kept, header kept kept, control 41/25:60 kept, behind kept, data kept" },
	{ "recvmmsg", "kept" },
	{ "TCP_INFO", "0 none, kept" },
	{ "TCP_INFO, bits", "0" },
	{ "SO_LINGER", "0 8 none, kept" },
	{ "SO_RCVTIMEO", "0 16 none, kept" },
	{ "SO_PEERCRED", "0 12 none, kept" },
	{ "SO_MEMINFO", "0 36 none, kept" },
	{ "SO_BINDTODEVICE", "0 0 none, kept" },
	{ "TCP_CONGESTION", "0 16 none, kept" },
	{ "TCP_CC_INFO", "0 0 none, kept" },
	{ "IP_OPTIONS", "0 0 none, kept" },
	{ "IP_TTL", "0 4 none, kept" },
	{ "IP_MTU", "0 4 none, kept" },
	{ "IP_MULTICAST_IF", "0 4 none, kept" },
	{ "IP_MULTICAST_TTL", "0 4 none, kept" },
	{ "IPV6_PATHMTU", "0 32 zero, kept" },
	{ "IPV6_V6ONLY", "0 4 none, kept" },
	{ "PACKET_STATISTICS", "0 8 none, kept" },
	{ "SO_TIMESTAMPING", "0 8 none, kept" },
	{ "SO_PEERNAME", "16 zero, kept" },
	{ "IP_TTL into one byte", "1 kept" },
	{ "SO_TYPE into three bytes", "3 kept" },
	{ "TCP_INFO into eleven bytes", "11 kept" },
	{ "SIOCGIFFLAGS", "0 kept kept kept" },
	{ "SIOCGIFADDR", "0 kept zero kept" },
	{ "SIOCGIFNETMASK", "0 kept zero kept" },
	{ "SIOCGIFBRDADDR", "0 kept zero kept" },
	{ "SIOCGIFDSTADDR", "0 kept zero kept" },
	{ "SIOCGIFHWADDR", "0 kept kept kept" },
	{ "SIOCGIFMTU", "0 kept kept kept" },
	{ "SIOCGIFINDEX", "0 kept kept kept" },
	{ "SIOCGIFMETRIC", "0 kept kept kept" },
	{ "SIOCGIFTXQLEN", "0 kept kept kept" },
	{ "SIOCGIFMAP", "0 kept none kept" },
	{ "SIOCGIFMAP of lo", "zero" },
	{ "SIOCGIFNAME", "kept kept" },
	{ "SIOCGIFCONF", "zero zero zero, kept" },
	{ "FIONREAD", "kept" },
	{ "RTM_GETLINK", "done, gaps with something 0, behind 0" },
	{ "RTM_GETADDR", "done, gaps with something 0, behind 0" },
	{ "RTM_GETROUTE", "done, gaps with something 0, behind 0" },
	{ "RTM_GETNEIGH", "done, gaps with something 0, behind 0" },
	{ "RTM_GETRULE", "done, gaps with something 0, behind 0" },
	{ "name of the kernel", "12 zero, kept" },
	{ "ring V1", "mac 80 net 80, kept zero kept kept, behind kept" },
	{ "message AF_PACKET", "33, name 20 kept, header kept kept, control 263/8:36 kept, behind kept, data kept" },
	{ "recvfrom AF_PACKET", "20 zero zero, kept, data kept" },
	{ "ring V2", "mac 80 net 80, zero zero kept kept, behind kept" },
	{ "ring V3", "mac 96 net 96, zero zero zero kept kept" },
};

/* Where lengths are kept, apart from what is looked at. */
static socklen_t length;

#define OUT ((struct sockaddr *)out)

/* getsockname with 16, 128 bytes of room; the gaps by `what`. */
static void name_row(const char *name, int fd, size_t from, size_t to)
{
	fresh();
	length = 128;
	NEED(getsockname(fd, OUT, &length));
	ROW(name, "%u %s, %s", length, from == to ? "none" : bytes(from, to), bytes(length, 192));
}

static void names(void)
{
	struct address a;
	int fd, pair[2];
	struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "/tmp/gaps.sock" };
	struct pair tcp = tcp_pair(AF_INET), tcp6 = tcp_pair(AF_INET6);
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = VMADDR_PORT_ANY };
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = if_nametoindex("lo") };

	name_row("getsockname IPv4", tcp.client, 8, 16);
	name_row("getsockname IPv6", tcp6.client, 4, 8);
	fresh();
	length = 5;
	NEED(getsockname(tcp.client, OUT, &length));
	ROW("getsockname IPv4 with room for 5", "%u %s", length, bytes(5, 64));
	fresh();
	length = 128;
	NEED(getpeername(tcp.client, OUT, &length));
	ROW("getpeername IPv4", "%u %s, %s", length, bytes(8, 16), bytes(length, 192));
	fd = tcp_listen(AF_INET, &a);
	NEED(connect(NEED(socket(AF_INET, SOCK_STREAM, 0)), &a.any, a.length));
	fresh();
	length = 128;
	NEED(accept(fd, OUT, &length));
	ROW("accept IPv4", "%u %s, %s", length, bytes(8, 16), bytes(length, 192));
	fd = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));
	name_row("getsockname AF_UNIX fresh", fd, 0, 0);
	unlink(path.sun_path);
	NEED(bind(fd, (struct sockaddr *)&path, sizeof path));
	name_row("getsockname AF_UNIX", fd, 2 + 14, 2 + 15);
	unlink(path.sun_path);
	fd = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));
	NEED(bind(fd, (struct sockaddr *)&path, 2));
	name_row("getsockname AF_UNIX autobound", fd, 2, 3);
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	NEED(send(pair[0], "x", 1, 0));
	fresh();
	length = 128;
	NEED(recvfrom(pair[1], out + 256, 16, 0, OUT, &length));
	ROW("recvfrom AF_UNIX", "%u %s, %s", length, bytes(0, 128), bytes(257, 288));
	fd = NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	name_row("getsockname AF_NETLINK", fd, 2, 4);
	fd = NEED(socket(AF_PACKET, SOCK_DGRAM, 0));
	name_row("getsockname AF_PACKET fresh", fd, 4, 12);
	NEED(bind(fd, (struct sockaddr *)&ll, sizeof ll));
	name_row("getsockname AF_PACKET", fd, 12, 18);
	fd = socket(AF_VSOCK, SOCK_STREAM, 0);
	if (fd != -1 && bind(fd, (struct sockaddr *)&vm, sizeof vm) == 0) {
		name_row("getsockname AF_VSOCK", fd, 2, 4);
		ROW("behind AF_VSOCK", "%s", bytes(12, 16));
	} else {
		ROW("getsockname AF_VSOCK", "16 zero, kept");
		ROW("behind AF_VSOCK", "zero");
	}
	close_pair(tcp);
	close_pair(tcp6);
}

/* recvmsg into `out`: header at 0, name at 64, control at 256, data at 1024. */
static void message_row(const char *name, int fd, size_t room, size_t control)
{
	struct raw_msghdr *m = (struct raw_msghdr *)out;
	struct iovec *part = (struct iovec *)(out + 56 + 8);
	struct cmsghdr *c;
	char text[400];
	int at;
	ssize_t got;

	fresh();
	m->msg_name = out + 128;
	m->msg_namelen = room;
	m->msg_iov = part;
	m->msg_iovlen = 1;
	m->msg_control = out + 512;
	m->msg_controllen = control;
	part->iov_base = out + 2048;
	part->iov_len = 64;
	/* The bare call: C libraries touch the padding themselves. */
	memset(out + 12, PATTERN, 4);
	memset(out + 52, PATTERN, 4);
	got = syscall(SYS_recvmsg, fd, m, (name[0] == 'e' ? MSG_ERRQUEUE : 0) | MSG_DONTWAIT);
	at = sprintf(text, "%s, name %u %s, header %s %s, control", answer(got), m->msg_namelen,
		     bytes(128 + m->msg_namelen, 384), bytes(12, 16), bytes(52, 56));
	for (c = CMSG_FIRSTHDR(m); c && at < 300;) {
		unsigned char *end = (unsigned char *)c + c->cmsg_len;
		size_t space = (c->cmsg_len + 7) / 8 * 8;
		unsigned char *next = (unsigned char *)c + space;

		at += sprintf(text + at, " %d/%d:%d", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len);
		if (end != next && next <= out + 512 + control)
			at += sprintf(text + at, " %s", bytes_of(end, 0, next - end));
		if (next + sizeof *c > out + 512 + m->msg_controllen)
			break;
		c = (struct cmsghdr *)next;
	}
	sprintf(text + at, ", behind %s, data %s", bytes(512 + (m->msg_controllen + 7) / 8 * 8, 2048),
		got < 0 ? "none" : bytes(2048 + got, 2048 + 128));
	ROW(name, "%s", text);
}

static void messages(void)
{
	struct pair udp = udp_pair(AF_INET), udp6 = udp_pair(AF_INET6);
	int pair[2], on = 1, fd;
	/* As the kernel lays it out, for either library. */
	struct { size_t length; int level, type, fd, fill; } rights = { CMSG_LEN(4), SOL_SOCKET, SCM_RIGHTS, 1, 0 };
	struct iovec part = { "abc", 3 };
	struct raw_msghdr with = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = CMSG_SPACE(4) };
	struct address gone = nobody(AF_INET, SOCK_DGRAM), gone6 = nobody(AF_INET6, SOCK_DGRAM);

	set_int(udp.server, SOL_IP, IP_PKTINFO, 1);
	set_int(udp.server, SOL_IP, IP_RECVTTL, 1);
	set_int(udp.server, SOL_IP, IP_RECVTOS, 1);
	set_int(udp.server, SOL_IP, IP_RECVORIGDSTADDR, 1);
	NEED(send(udp.client, "abc", 3, 0));
	message_row("message IPv4", udp.server, 128, 1024);
	NEED(send(udp.client, "abc", 3, 0));
	message_row("message IPv4 with room for 8", udp.server, 8, 30);
	set_int(udp6.server, SOL_IPV6, IPV6_RECVPKTINFO, 1);
	set_int(udp6.server, SOL_IPV6, IPV6_RECVHOPLIMIT, 1);
	set_int(udp6.server, SOL_IPV6, IPV6_RECVTCLASS, 1);
	NEED(send(udp6.client, "abc", 3, 0));
	message_row("message IPv6", udp6.server, 128, 1024);
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	NEED(syscall(SYS_sendmsg, pair[0], &with, 0));
	message_row("message AF_UNIX with a descriptor", pair[1], 128, 1024);
	set_int(pair[1], SOL_SOCKET, SO_PASSCRED, 1);
	NEED(send(pair[0], "abc", 3, 0));
	message_row("message AF_UNIX with credentials", pair[1], 128, 1024);
	fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	set_int(fd, SOL_IP, IP_RECVERR, on);
	NEED(connect(fd, &gone.any, gone.length));
	NEED(send(fd, "abc", 3, 0));
	sleep_ms(20);
	message_row("error IPv4", fd, 128, 1024);
	fd = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	set_int(fd, SOL_IPV6, IPV6_RECVERR, on);
	NEED(connect(fd, &gone6.any, gone6.length));
	NEED(send(fd, "abc", 3, 0));
	sleep_ms(20);
	message_row("error IPv6", fd, 128, 1024);
	{
		/* mmsghdr: four bytes behind each length. */
		struct iovec to = { out + 2048, 64 };
		struct raw_msghdr head = { .msg_iov = &to, .msg_iovlen = 1 };

		NEED(send(udp.client, "abc", 3, 0));
		fresh();
		memcpy(out, &head, sizeof head);
		WANT(syscall(SYS_recvmmsg, udp.server, out, 1, MSG_DONTWAIT, NULL), 1);
		ROW("recvmmsg", "%s", bytes(60, 64));
	}
	close_pair(udp);
	close_pair(udp6);
}

/* An option into 512 bytes: how long, and what is behind; `from` to `to` is a gap. */
static void option_row(const char *name, int fd, int level, int option, size_t from, size_t to, int show)
{
	int got;

	fresh();
	length = 1024;
	got = getsockopt(fd, level, option, out, &length);
	if (show)
		ROW(name, "%s %u %s, %s", answer(got), length, from == to ? "none" : bytes(from, to), bytes(length, 1100));
	else
		ROW(name, "%s %s, %s", answer(got), from == to ? "none" : bytes(from, to), bytes(length, 1100));
}

static void options(void)
{
	struct pair tcp = tcp_pair(AF_INET), tcp6 = tcp_pair(AF_INET6), udp = udp_pair(AF_INET);
	int packet = NEED(socket(AF_PACKET, SOCK_RAW, 0)), pair[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	option_row("TCP_INFO", tcp.client, SOL_TCP, TCP_INFO, 0, 0, 0);
	/* Behind the last bit field of the first eight bytes. */
	ROW("TCP_INFO, bits", "%d", out[7] & 0xf8);
	option_row("SO_LINGER", tcp.client, SOL_SOCKET, SO_LINGER, 0, 0, 1);
	option_row("SO_RCVTIMEO", tcp.client, SOL_SOCKET, SO_RCVTIMEO, 0, 0, 1);
	option_row("SO_PEERCRED", pair[0], SOL_SOCKET, SO_PEERCRED, 0, 0, 1);
	option_row("SO_MEMINFO", tcp.client, SOL_SOCKET, 55, 0, 0, 1);
	option_row("SO_BINDTODEVICE", tcp.client, SOL_SOCKET, SO_BINDTODEVICE, 0, 0, 1);
	option_row("TCP_CONGESTION", tcp.client, SOL_TCP, TCP_CONGESTION, 0, 0, 1);
	option_row("TCP_CC_INFO", tcp.client, SOL_TCP, TCP_CC_INFO, 0, 0, 1);
	option_row("IP_OPTIONS", udp.client, SOL_IP, IP_OPTIONS, 0, 0, 1);
	option_row("IP_TTL", tcp.client, SOL_IP, IP_TTL, 0, 0, 1);
	option_row("IP_MTU", tcp.client, SOL_IP, IP_MTU, 0, 0, 1);
	option_row("IP_MULTICAST_IF", udp.client, SOL_IP, IP_MULTICAST_IF, 0, 0, 1);
	option_row("IP_MULTICAST_TTL", udp.client, SOL_IP, IP_MULTICAST_TTL, 0, 0, 1);
	option_row("IPV6_PATHMTU", tcp6.client, SOL_IPV6, IPV6_PATHMTU, 2, 8, 1);
	option_row("IPV6_V6ONLY", tcp6.client, SOL_IPV6, IPV6_V6ONLY, 0, 0, 1);
	option_row("PACKET_STATISTICS", packet, SOL_PACKET, PACKET_STATISTICS, 0, 0, 1);
	option_row("SO_TIMESTAMPING", udp.client, SOL_SOCKET, SO_TIMESTAMPING, 0, 0, 1);
	fresh();
	length = 16;
	NEED(getsockopt(tcp.client, SOL_SOCKET, 28, out, &length));
	ROW("SO_PEERNAME", "%u %s, %s", length, bytes(8, 16), bytes(16, 64));
	fresh();
	length = 1;
	NEED(getsockopt(udp.client, SOL_IP, IP_TTL, out, &length));
	ROW("IP_TTL into one byte", "%u %s", length, bytes(1, 16));
	fresh();
	length = 3;
	NEED(getsockopt(udp.client, SOL_SOCKET, SO_TYPE, out, &length));
	ROW("SO_TYPE into three bytes", "%u %s", length, bytes(3, 16));
	fresh();
	length = 11;
	NEED(getsockopt(tcp.client, SOL_TCP, TCP_INFO, out, &length));
	ROW("TCP_INFO into eleven bytes", "%u %s", length, bytes(11, 64));
	close_pair(tcp);
	close_pair(tcp6);
	close_pair(udp);
}

static void interfaces(void)
{
	static const struct { const char *name; unsigned request, from; } asks[] = {
		{ "SIOCGIFFLAGS", SIOCGIFFLAGS, 18 }, { "SIOCGIFADDR", SIOCGIFADDR, 24 }, { "SIOCGIFNETMASK", SIOCGIFNETMASK, 24 },
		{ "SIOCGIFBRDADDR", SIOCGIFBRDADDR, 24 }, { "SIOCGIFDSTADDR", SIOCGIFDSTADDR, 24 }, { "SIOCGIFHWADDR", SIOCGIFHWADDR, 24 },
		{ "SIOCGIFMTU", SIOCGIFMTU, 20 }, { "SIOCGIFINDEX", SIOCGIFINDEX, 20 }, { "SIOCGIFMETRIC", SIOCGIFMETRIC, 20 },
		{ "SIOCGIFTXQLEN", SIOCGIFTXQLEN, 20 }, { "SIOCGIFMAP", SIOCGIFMAP, 37 },
	};
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	struct ifconf conf = { .ifc_len = 4096, .ifc_buf = (char *)out };

	for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
		int got;

		fresh();
		strcpy((char *)out, "lo");
		got = ioctl(fd, asks[i].request, out);
		/* The name's tail, whose last byte is a NUL then; the union up to the end of an address, and behind it. */
		ROW(asks[i].name, "%s %s %s %s", answer(got), bytes(3, 15), asks[i].from < 32 ? bytes(asks[i].from, 32) : "none",
		    bytes(asks[i].from < 32 ? 32 : asks[i].from, 40));
		if (asks[i].request == SIOCGIFMAP)
			ROW("SIOCGIFMAP of lo", "%s", bytes(16, 37));
	}
	fresh();
	*(int *)(out + 16) = if_nametoindex("lo");
	NEED(ioctl(fd, SIOCGIFNAME, out));
	ROW("SIOCGIFNAME", "%s %s", bytes(3, 15), bytes(20, 40));
	fresh();
	NEED(ioctl(fd, SIOCGIFCONF, &conf));
	ROW("SIOCGIFCONF", "%s %s %s, %s", bytes(3, 16), bytes(24, 32), bytes(32, 40), bytes(conf.ifc_len, 4096));
	fresh();
	NEED(ioctl(fd, FIONREAD, out));
	ROW("FIONREAD", "%s", bytes(4, 16));
}

/* Gaps of all attributes from `at` up to `end`, those inside of nests that are known not looked at. */
static int attribute_gaps(unsigned char *at, unsigned char *end)
{
	int bad = 0;

	while (end - at >= (int)sizeof(struct rtattr)) {
		struct rtattr *a = (void *)at;
		size_t size = RTA_ALIGN(a->rta_len);

		if (a->rta_len < sizeof *a || size > (size_t)(end - at))
			break;
		for (size_t i = a->rta_len; i < size; i++)
			bad += at[i] != 0;
		at += size;
	}
	return bad;
}

static void netlink(void)
{
	static const struct { const char *name; int type; size_t fixed, from, to; } asks[] = {
		{ "RTM_GETLINK", RTM_GETLINK, sizeof(struct ifinfomsg), 1, 2 },
		{ "RTM_GETADDR", RTM_GETADDR, sizeof(struct ifaddrmsg), 0, 0 },
		{ "RTM_GETROUTE", RTM_GETROUTE, sizeof(struct rtmsg), 0, 0 },
		{ "RTM_GETNEIGH", RTM_GETNEIGH, sizeof(struct ndmsg), 1, 4 },
		{ "RTM_GETRULE", RTM_GETRULE, sizeof(struct rtmsg), 5, 7 },
	};
	int fd = NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));

	for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
		struct { struct nlmsghdr head; char rest[32]; } ask = { { NLMSG_LENGTH(asks[i].fixed), asks[i].type,
			NLM_F_REQUEST | NLM_F_DUMP, i + 1, 0 }, { 0 } };
		int bad = 0, gaps = 0, over = 0;
		const char *kind = "nothing";

		NEED(send(fd, &ask, ask.head.nlmsg_len, 0));
		while (!over) {
			ssize_t got;

			fresh();
			got = NEED(recv(fd, out, sizeof out, 0));
			for (size_t k = got; k < sizeof out; k++)
				bad += out[k] != PATTERN;
			for (struct nlmsghdr *m = (void *)out; NLMSG_OK(m, got); m = NLMSG_NEXT(m, got)) {
				unsigned char *body = NLMSG_DATA(m);

				if (m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR) {
					over = 1;
					kind = m->nlmsg_type == NLMSG_DONE ? "done" : "error";
					continue;
				}
				for (size_t k = asks[i].from; k < asks[i].to; k++)
					gaps += body[k] != 0;
				gaps += attribute_gaps(body + NLMSG_ALIGN(asks[i].fixed), (unsigned char *)m + m->nlmsg_len);
				for (size_t k = m->nlmsg_len; k < NLMSG_ALIGN(m->nlmsg_len); k++)
					gaps += ((unsigned char *)m)[k] != 0;
			}
		}
		ROW(asks[i].name, "%s, gaps with something %d, behind %d", kind, gaps, bad);
	}
	{
		struct sockaddr_nl *from = (void *)out;
		struct nlmsghdr ask = { NLMSG_LENGTH(0), 0x7777, NLM_F_REQUEST | NLM_F_ACK, 9, 0 };

		NEED(send(fd, &ask, sizeof ask, 0));
		fresh();
		length = sizeof *from + 20;
		NEED(recvfrom(fd, out + 64, 1024, 0, OUT, &length));
		ROW("name of the kernel", "%u %s, %s", length, bytes(2, 4), bytes(12, 64));
	}
	close(fd);
}

/* One datagram of five bytes over lo from a to b, in a ring of the version. */
static void ring(int version)
{
	struct tpacket_req3 ask = { 4 * PAGE, 1, 2048, 4 * PAGE / 2048, 10, 0, 0 };
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = if_nametoindex("lo") };
	int fd = NEED(socket(AF_PACKET, SOCK_DGRAM, 0));
	struct pair udp = udp_pair(AF_INET);
	unsigned char *map;
	char name[32];

	NEED(setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version));
	NEED(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ask, version == TPACKET_V3 ? sizeof ask : sizeof(struct tpacket_req)));
	map = NEED(mmap(NULL, ask.tp_block_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	snprintf(name, sizeof name, "ring V%d", version + 1);
	if (version == TPACKET_V3)
		memset(map + 48, PATTERN, 4 * PAGE - 48);
	else
		/* The status is first; the kernel's, which it asks before it writes. */
		memset(map + 8, PATTERN, 2040);
	NEED(bind(fd, (struct sockaddr *)&addr, sizeof addr));
	NEED(send(udp.client, "frame", 5, 0));
	ready(fd, POLLIN, 500);
	sleep_ms(50);
	if (version == TPACKET_V1) {
		struct tpacket_hdr *h = (void *)map;

		ROW(name, "mac %u net %u, %s %s %s %s, behind %s", h->tp_mac, h->tp_net, bytes_of(map, 28, 32),
		    bytes_of(map, 32 + 12, 32 + 18), bytes_of(map, 32 + 18, 32 + 20), bytes_of(map, 52, h->tp_net),
		    bytes_of(map, h->tp_net + h->tp_snaplen, 2048));
	} else if (version == TPACKET_V2) {
		struct tpacket2_hdr *h = (void *)map;

		ROW(name, "mac %u net %u, %s %s %s %s, behind %s", h->tp_mac, h->tp_net, bytes_of(map, 28, 32),
		    bytes_of(map, 32 + 12, 32 + 18), bytes_of(map, 32 + 18, 32 + 20), bytes_of(map, 52, h->tp_net),
		    bytes_of(map, h->tp_net + h->tp_snaplen, 2048));
	} else {
		struct tpacket_block_desc *b = (void *)map;
		struct tpacket3_hdr *h = (void *)(map + b->hdr.bh1.offset_to_first_pkt);
		unsigned char *at = (void *)h;

		ROW(name, "mac %u net %u, %s %s %s %s %s", h->tp_mac, h->tp_net, bytes_of(at, 36, 40), bytes_of(at, 40, 48),
		    bytes_of(at, 48 + 12, 48 + 18), bytes_of(at, 48 + 18, 48 + 20), bytes_of(at, 68, h->tp_net));
	}
	munmap(map, ask.tp_block_size);
	close(fd);
	fd = NEED(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)));
	NEED(bind(fd, (struct sockaddr *)&addr, sizeof addr));
	set_int(fd, SOL_PACKET, PACKET_AUXDATA, 1);
	NEED(send(udp.client, "frame", 5, 0));
	if (version == TPACKET_V1) {
		ready(fd, POLLIN, 500);
		message_row("message AF_PACKET", fd, 128, 1024);
		NEED(send(udp.client, "frame", 5, 0));
		ready(fd, POLLIN, 500);
		fresh();
		length = 128;
		NEED(recvfrom(fd, out + 256, 64, 0, OUT, &length));
		ROW("recvfrom AF_PACKET", "%u %s %s, %s, data %s", length, bytes(12, 18), bytes(18, 20), bytes(20, 128),
		    bytes(256 + 33, 512));
	}
	close(fd);
	close_pair(udp);
}

int main(int argc, char **argv)
{
	ROWS(linux_says, argc, argv);
	names();
	messages();
	options();
	interfaces();
	netlink();
	for (int version = TPACKET_V1; version <= TPACKET_V3; version++)
		ring(version);
	return rows_done();
}
