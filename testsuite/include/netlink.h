/*
 * netlink.h: questions and answers over AF_NETLINK for test programs. netlink(7).
 *
 *     int fd = nl_open(NETLINK_ROUTE);
 *     struct nl_request r = nl_begin(RTM_GETLINK, NLM_F_DUMP, &info, sizeof info);
 *     nl_put(&r, IFLA_IFNAME, "lo", 3);
 *     nl_send(fd, &r);
 *     WANT(nl_error(fd), 0);                         // reads to the end of the answer
 *     nl_each(fd, see, &context);                    // or each message of it
 *     nl_dump(fd, RTM_GETLINK, &info, sizeof info, see, &context);    // all three
 */
#ifndef NETLINK_H
#define NETLINK_H

#include "net.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* A message under construction. */
struct nl_request {
	struct nlmsghdr header;
	char rest[1008];
};

/* The sequence number of the last question. */
static unsigned nl_sequence;

static inline int nl_open(int protocol)
{
	struct timeval wait = { .tv_sec = 5 };
	int fd = NEED(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));

	NEED(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait));
	return fd;
}

/* A message of a type with its fixed part; NLM_F_REQUEST goes without saying. */
static inline struct nl_request nl_begin(int type, int flags, const void *fixed, size_t length)
{
	struct nl_request r;

	memset(&r, 0, sizeof r);
	r.header.nlmsg_type = type;
	r.header.nlmsg_flags = NLM_F_REQUEST | flags;
	r.header.nlmsg_seq = ++nl_sequence;
	r.header.nlmsg_len = NLMSG_LENGTH(length);
	if (length)
		memcpy(NLMSG_DATA(&r.header), fixed, length);
	return r;
}

/* Adds an attribute. */
static inline void nl_put(struct nl_request *r, int type, const void *value, size_t length)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->header.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(length);
	memcpy(RTA_DATA(a), value, length);
	r->header.nlmsg_len = NLMSG_ALIGN(r->header.nlmsg_len) + RTA_ALIGN(a->rta_len);
}

static inline void nl_put_u32(struct nl_request *r, int type, unsigned value)
{
	nl_put(r, type, &value, sizeof value);
}

/* Sends it to the kernel. */
static inline void nl_send(int fd, struct nl_request *r)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	NEED(sendto(fd, r, r->header.nlmsg_len, 0, (void *)&kernel, sizeof kernel));
}

/* The attribute of a type behind a fixed part, or NULL. */
static inline struct rtattr *nl_get(struct nlmsghdr *m, size_t fixed, int type)
{
	struct rtattr *a = (void *)((char *)NLMSG_DATA(m) + NLMSG_ALIGN(fixed));
	int left = (int)(m->nlmsg_len - NLMSG_LENGTH(fixed));

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

/*
 * Reads the answer to the last question, shows each of its messages to `see`, and
 * returns what ended it: 0, or the error number. An answer ends with NLMSG_DONE,
 * NLMSG_ERROR, or one message that is not marked NLM_F_MULTI.
 */
static inline int nl_each(int fd, void (*see)(struct nlmsghdr *, void *), void *context)
{
	static char buffer[65536];

	for (;;) {
		int length = NEED(recv(fd, buffer, sizeof buffer, 0));
		struct nlmsghdr *m = (void *)buffer;

		for (; NLMSG_OK(m, (unsigned)length); m = NLMSG_NEXT(m, length)) {
			if (m->nlmsg_seq != nl_sequence)
				continue;
			if (m->nlmsg_type == NLMSG_DONE)
				return -*(int *)NLMSG_DATA(m);
			if (m->nlmsg_type == NLMSG_ERROR)
				return -((struct nlmsgerr *)NLMSG_DATA(m))->error;
			if (see)
				see(m, context);
			if (!(m->nlmsg_flags & NLM_F_MULTI))
				return 0;
		}
	}
}

/* Asks for all there is of a type and shows each to `see`; as nl_each. */
static inline int nl_dump(int fd, int type, const void *fixed, size_t length,
			  void (*see)(struct nlmsghdr *, void *), void *context)
{
	struct nl_request r = nl_begin(type, NLM_F_DUMP, fixed, length);

	nl_send(fd, &r);
	return nl_each(fd, see, context);
}

/* What ends the answer. */
static inline int nl_error(int fd)
{
	return nl_each(fd, NULL, NULL);
}

#endif
