/*
 * link.h: interfaces, addresses and routes for test programs, in the namespace that they are in. rtnetlink(7).
 *
 *     unshare(CLONE_NEWNET);
 *     struct space there = space_new();               // a child that waits in a namespace of its own
 *     WANT(link_veth("left", "right", there.pid), 0); // 0 or an error number
 *     WANT(link_up("left"), 0);
 *     WANT(addr_add("left", "10.1.0.1", 24), 0);
 *     space_enter(&there); ...; space_leave();        // this process goes there and back
 *     space_end(&there);
 */
#ifndef LINK_H
#define LINK_H

#include "netlink.h"

#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

static int link_socket(void)
{
	return nl_open(NETLINK_ROUTE);
}

/* Sends a question, and answers with the error that ends the answer. */
static inline int link_ask(struct nl_request *r)
{
	int fd = link_socket(), error;

	nl_send(fd, r);
	error = nl_error(fd);
	close(fd);
	return error;
}

/* Opens an attribute that has others inside; link_close ends it. */
static inline struct rtattr *link_open(struct nl_request *r, int type)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->header.nlmsg_len));

	nl_put(r, type, "", 0);
	return a;
}

static inline void link_close(struct nl_request *r, struct rtattr *a)
{
	a->rta_len = (char *)r + NLMSG_ALIGN(r->header.nlmsg_len) - (char *)a;
}

static inline struct nl_request link_begin(int type, int flags, const char *name)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = name ? (int)if_nametoindex(name) : 0 };

	return nl_begin(type, NLM_F_ACK | flags, &info, sizeof info);
}

/* A dummy interface. */
static inline int link_dummy(const char *name)
{
	struct nl_request r = link_begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, NULL);
	struct rtattr *info;

	nl_put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	info = link_open(&r, IFLA_LINKINFO);
	nl_put(&r, IFLA_INFO_KIND, "dummy", 5);
	link_close(&r, info);
	return link_ask(&r);
}

/* Two ends; the other one in the namespace of `pid`, 0 for this one. */
static inline int link_veth(const char *name, const char *peer, int pid)
{
	struct nl_request r = link_begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, NULL);
	struct rtattr *info, *data, *other;

	nl_put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	info = link_open(&r, IFLA_LINKINFO);
	nl_put(&r, IFLA_INFO_KIND, "veth", 4);
	data = link_open(&r, IFLA_INFO_DATA);
	other = link_open(&r, VETH_INFO_PEER);
	memset((char *)&r + r.header.nlmsg_len, 0, sizeof(struct ifinfomsg));
	r.header.nlmsg_len += sizeof(struct ifinfomsg);
	nl_put(&r, IFLA_IFNAME, peer, strlen(peer) + 1);
	if (pid)
		nl_put_u32(&r, IFLA_NET_NS_PID, pid);
	link_close(&r, other);
	link_close(&r, data);
	link_close(&r, info);
	return link_ask(&r);
}

static inline int link_del(const char *name)
{
	struct nl_request r = link_begin(RTM_DELLINK, 0, name);

	return link_ask(&r);
}

static inline int link_flags(const char *name, unsigned flags, unsigned mask)
{
	struct nl_request r = link_begin(RTM_NEWLINK, 0, name);
	struct ifinfomsg *info = NLMSG_DATA(&r.header);

	info->ifi_flags = flags;
	info->ifi_change = mask;
	return link_ask(&r);
}

static inline int link_up(const char *name)
{
	return link_flags(name, IFF_UP, IFF_UP);
}

static inline int link_down(const char *name)
{
	return link_flags(name, 0, IFF_UP);
}

static inline int link_move(const char *name, int pid)
{
	struct nl_request r = link_begin(RTM_NEWLINK, 0, name);

	nl_put_u32(&r, IFLA_NET_NS_PID, pid);
	return link_ask(&r);
}

static inline int link_rename(const char *name, const char *to)
{
	struct nl_request r = link_begin(RTM_NEWLINK, 0, name);

	nl_put(&r, IFLA_IFNAME, to, strlen(to) + 1);
	return link_ask(&r);
}

/* IFF_* of an interface, or -1. */
static inline int link_state(const char *name)
{
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), got;
	struct ifreq r = { 0 };

	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
	got = ioctl(fd, SIOCGIFFLAGS, &r) ? -1 : (unsigned short)r.ifr_flags;
	close(fd);
	return got;
}

/* Whether the flags in `mask` become `flags` within five seconds: a carrier is told of a little later. */
static inline int link_becomes(const char *name, int flags, int mask)
{
	for (int i = 0; i < 500; i++) {
		if ((link_state(name) & mask) == flags)
			return 1;
		usleep(10000);
	}
	return 0;
}

static inline int address_family(const char *text)
{
	return strchr(text, ':') ? AF_INET6 : AF_INET;
}

static inline void put_address(struct nl_request *r, int type, const char *text)
{
	char bytes[16];
	int family = address_family(text);

	NEED(inet_pton(family, text, bytes) == 1 ? 0 : -1);
	nl_put(r, type, bytes, family == AF_INET ? 4 : 16);
}

static inline int addr_add(const char *name, const char *address, int prefix)
{
	struct ifaddrmsg head = { .ifa_family = address_family(address), .ifa_prefixlen = prefix,
		.ifa_flags = IFA_F_NODAD, .ifa_index = if_nametoindex(name) };
	struct nl_request r = nl_begin(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);

	put_address(&r, IFA_LOCAL, address);
	put_address(&r, IFA_ADDRESS, address);
	return link_ask(&r);
}

/* RTM_NEWROUTE or RTM_DELROUTE of `to`/`prefix` by way of `via` (or NULL) or `name` (or NULL) in a table. */
static inline int route_change(int type, const char *to, int prefix, const char *via, const char *name, int table)
{
	struct rtmsg head = { .rtm_family = address_family(to), .rtm_dst_len = prefix, .rtm_table = table,
		.rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST,
		.rtm_scope = via || type == RTM_DELROUTE ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK };
	struct nl_request r = nl_begin(type, NLM_F_ACK | (type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0), &head,
		sizeof head);

	if (type == RTM_DELROUTE)
		((struct rtmsg *)NLMSG_DATA(&r.header))->rtm_scope = RT_SCOPE_NOWHERE;
	if (prefix)
		put_address(&r, RTA_DST, to);
	if (via)
		put_address(&r, RTA_GATEWAY, via);
	if (name)
		nl_put_u32(&r, RTA_OIF, if_nametoindex(name));
	return link_ask(&r);
}

static inline int route_add(const char *to, int prefix, const char *via, const char *name)
{
	return route_change(RTM_NEWROUTE, to, prefix, via, name, RT_TABLE_MAIN);
}

/* Writes a value of /proc/sys; 0 or -1. */
static inline int sysctl_set(const char *path, const char *value)
{
	char full[128];
	int fd, got;

	snprintf(full, sizeof full, "/proc/sys/%s", path);
	fd = open(full, O_WRONLY);
	got = fd < 0 ? -1 : (int)write(fd, value, strlen(value));
	close(fd);
	return got == (int)strlen(value) ? 0 : -1;
}

/* A namespace that a child keeps alive, and a descriptor of it. */
struct space {
	int pid, fd;
};

/* Where this process was first. */
static int space_home = -1;

static inline struct space space_new(void)
{
	struct space s;
	char path[64], byte;
	int ready[2];

	if (space_home < 0)
		space_home = NEED(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
	NEED(pipe(ready));
	s.pid = NEED(fork());
	if (!s.pid) {
		/* Not longer than who asked for it. */
		NEED(prctl(PR_SET_PDEATHSIG, SIGKILL));
		NEED(unshare(CLONE_NEWNET));
		NEED(write(ready[1], "r", 1));
		for (;;)
			pause();
	}
	NEED(read(ready[0], &byte, 1));
	close(ready[0]);
	close(ready[1]);
	snprintf(path, sizeof path, "/proc/%d/ns/net", s.pid);
	s.fd = NEED(open(path, O_RDONLY | O_CLOEXEC));
	return s;
}

static inline void space_enter(const struct space *s)
{
	NEED(setns(s->fd, CLONE_NEWNET));
}

static inline void space_leave(void)
{
	NEED(setns(space_home, CLONE_NEWNET));
}

/* The namespace goes when nothing else holds it, a little later. */
static inline void space_end(struct space *s)
{
	close(s->fd);
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

/* Whether `name` goes within five seconds. */
static inline int link_goes(const char *name)
{
	for (int i = 0; i < 500; i++) {
		if (!if_nametoindex(name))
			return 1;
		usleep(10000);
	}
	return 0;
}

#endif
