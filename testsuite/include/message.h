/* recvmsg(2) and sendmsg(2) with ancillary data, one call each. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "net.h"

/* What recvmsg left behind: what it answered, errno where that is -1, MSG_*. */
struct message {
	ssize_t length;
	int error, flags;
	struct address from;
	struct msghdr header;
	_Alignas(struct cmsghdr) char control[2048];
	char data[70000];
};

/* Receives with `room` bytes for ancillary data; answers what recvmsg does. */
static inline ssize_t receive_within(int fd, struct message *m, int flags, size_t room)
{
	struct iovec part = { m->data, sizeof m->data };

	m->from = no_address();
	m->header = (struct msghdr){ .msg_name = &m->from.any, .msg_namelen = m->from.length,
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = m->control, .msg_controllen = room };
	errno = 0;
	m->length = recvmsg(fd, &m->header, flags);
	m->error = errno;
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

/* Receives without waiting longer than a second; the message lives until the next call. */
static inline struct message *receive_soon(int fd, int flags)
{
	static struct message m;

	if (!(flags & (MSG_ERRQUEUE | MSG_DONTWAIT)))
		ready(fd, POLLIN, 1000);
	receive(fd, &m, flags | MSG_DONTWAIT);
	return &m;
}

/* Data of the ancillary message of this kind, and its length where that is asked for; null where it did not come. */
static inline void *ancillary_of(struct message *m, int level, int type, size_t *length)
{
	/* By hand: musl's CMSG_NXTHDR compares signed with unsigned, which is an error here. */
	for (size_t at = 0; at + sizeof(struct cmsghdr) <= m->header.msg_controllen;) {
		struct cmsghdr *c = (struct cmsghdr *)(m->control + at);

		if (c->cmsg_level == level && c->cmsg_type == type) {
			if (length)
				*length = c->cmsg_len - CMSG_LEN(0);
			return CMSG_DATA(c);
		}
		if (c->cmsg_len < sizeof *c)
			break;
		at += CMSG_ALIGN(c->cmsg_len);
	}
	return NULL;
}

static inline void *ancillary(struct message *m, int level, int type)
{
	return ancillary_of(m, level, type, NULL);
}

/* Its first int, `missing` where there is none. */
static inline int ancillary_or(struct message *m, int level, int type, int missing)
{
	void *data = ancillary(m, level, type);

	if (data)
		memcpy(&missing, data, sizeof missing);
	return missing;
}

static inline int ancillary_int(struct message *m, int level, int type)
{
	return ancillary_or(m, level, type, -1);
}

/* Sends bytes with one ancillary message; `to` may be null. */
static inline ssize_t send_item(int fd, const void *bytes, size_t length, int flags, const struct address *to, int level,
				int type, const void *value, size_t value_length)
{
	_Alignas(struct cmsghdr) char control[512] = { 0 };
	struct iovec part = { (void *)bytes, length };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = CMSG_SPACE(value_length) };
	struct cmsghdr *item = CMSG_FIRSTHDR(&header);

	item->cmsg_level = level;
	item->cmsg_type = type;
	item->cmsg_len = CMSG_LEN(value_length);
	memcpy(CMSG_DATA(item), value, value_length);
	if (to) {
		header.msg_name = (void *)&to->any;
		header.msg_namelen = to->length;
	}
	return sendmsg(fd, &header, flags);
}

/* The same to the connected peer. */
static inline ssize_t send_data_with(int fd, const void *bytes, size_t length, int flags, int level, int type,
				     const void *value, size_t value_length)
{
	return send_item(fd, bytes, length, flags, NULL, level, type, value, value_length);
}

/* Text, without flags. */
static inline ssize_t send_with(int fd, const char *text, const struct address *to, int level, int type,
				const void *value, size_t value_length)
{
	return send_item(fd, text, strlen(text), 0, to, level, type, value, value_length);
}

#endif
