/* recvmsg(2) and sendmsg(2) with ancillary data, one call each. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "net.h"

/* What recvmsg left behind. */
struct message {
	ssize_t length;
	int flags;
	struct address from;
	struct msghdr header;
	_Alignas(struct cmsghdr) char control[1024];
	char data[70000];
};

/* Receives with `room` bytes for ancillary data; answers what recvmsg does. */
static inline ssize_t receive_within(int fd, struct message *m, int flags, size_t room)
{
	struct iovec part = { m->data, sizeof m->data };

	m->from = no_address();
	m->header = (struct msghdr){ .msg_name = &m->from.any, .msg_namelen = m->from.length,
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = m->control, .msg_controllen = room };
	m->length = recvmsg(fd, &m->header, flags);
	m->from.length = m->header.msg_namelen;
	m->flags = m->header.msg_flags;
	if (m->length == -1)
		m->header.msg_controllen = 0;
	return m->length;
}

static inline ssize_t receive(int fd, struct message *m, int flags)
{
	return receive_within(fd, m, flags, sizeof m->control);
}

/* Data of the ancillary message of this kind, or null. */
static inline void *ancillary(struct message *m, int level, int type)
{
	/* By hand: musl's CMSG_NXTHDR compares signed with unsigned, which is an error here. */
	for (size_t at = 0; at + sizeof(struct cmsghdr) <= m->header.msg_controllen;) {
		struct cmsghdr *c = (struct cmsghdr *)(m->control + at);

		if (c->cmsg_level == level && c->cmsg_type == type)
			return CMSG_DATA(c);
		if (c->cmsg_len < sizeof *c)
			break;
		at += CMSG_ALIGN(c->cmsg_len);
	}
	return NULL;
}

/* Its first int, -1 where there is none. */
static inline int ancillary_int(struct message *m, int level, int type)
{
	void *data = ancillary(m, level, type);
	int value = -1;

	if (data)
		memcpy(&value, data, sizeof value);
	return value;
}

/* Sends `text` with one ancillary message; `to` may be null. */
static inline ssize_t send_with(int fd, const char *text, const struct address *to, int level, int type,
				const void *data, size_t length)
{
	union {
		char bytes[256];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec part = { (void *)text, strlen(text) };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(length) };

	control.align.cmsg_level = level;
	control.align.cmsg_type = type;
	control.align.cmsg_len = CMSG_LEN(length);
	memcpy(CMSG_DATA(&control.align), data, length);
	if (to) {
		header.msg_name = (void *)&to->any;
		header.msg_namelen = to->length;
	}
	return sendmsg(fd, &header, 0);
}

#endif
