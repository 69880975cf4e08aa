/*
 * ancillary.h: one received message with its ancillary data. cmsg(3), recvmsg(2).
 *
 *     struct message m = receive(fd, 0);
 *     int *ttl = item(&m, IPPROTO_IP, IP_TTL);       // NULL where there is none
 */
#ifndef ANCILLARY_H
#define ANCILLARY_H

#include "net.h"

struct message {
	/* What recvmsg(2) answered, errno where that is -1, and MSG_*. */
	ssize_t length;
	int error, flags;
	struct address from;
	char data[66000];
	size_t control_length;
	_Alignas(struct cmsghdr) char control[2048];
};

/* Receives without waiting longer than a second; the message lives until the next call. */
static inline struct message *receive(int fd, int flags)
{
	static struct message m;
	struct iovec room = { m.data, sizeof m.data };
	struct msghdr h = { .msg_name = &m.from.storage, .msg_namelen = sizeof m.from.storage, .msg_iov = &room, .msg_iovlen = 1,
			    .msg_control = m.control, .msg_controllen = sizeof m.control };

	if (!(flags & (MSG_ERRQUEUE | MSG_DONTWAIT)))
		ready(fd, POLLIN, 1000);
	errno = 0;
	m.length = recvmsg(fd, &h, flags | MSG_DONTWAIT);
	m.error = errno;
	m.flags = h.msg_flags;
	m.from.length = h.msg_namelen;
	m.control_length = h.msg_controllen;
	return &m;
}

/* musl's CMSG_NXTHDR compares lengths of different signs. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"

/* The data of an item, and its length where that is asked for; NULL when it did not come. */
static inline void *item_of(struct message *m, int level, int type, size_t *length)
{
	struct msghdr h = { .msg_control = m->control, .msg_controllen = m->control_length };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c))
		if (c->cmsg_level == level && c->cmsg_type == type) {
			if (length)
				*length = c->cmsg_len - CMSG_LEN(0);
			return CMSG_DATA(c);
		}
	return NULL;
}

#pragma GCC diagnostic pop

static inline void *item(struct message *m, int level, int type)
{
	return item_of(m, level, type, NULL);
}

/* An item that is an int; `missing` where it did not come. */
static inline int int_item(struct message *m, int level, int type, int missing)
{
	int *value = item(m, level, type);

	return value ? *value : missing;
}

/* sendmsg(2) with one item of ancillary data. */
static inline ssize_t send_with(int fd, const void *data, size_t length, int flags, int level, int type, const void *value,
				size_t value_length)
{
	_Alignas(struct cmsghdr) char control[512] = { 0 };
	struct iovec piece = { (void *)data, length };
	struct msghdr h = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(value_length) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(value_length);
	memcpy(CMSG_DATA(c), value, value_length);
	return sendmsg(fd, &h, flags);
}

#endif
