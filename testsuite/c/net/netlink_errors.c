/*
 * NLMSG_ERROR: what is quoted, NETLINK_CAP_ACK and NETLINK_EXT_ACK, several messages
 * in one send, and what is not answered at all (netlink(7)).
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

static char buffer[8192];

static struct nlmsghdr *receive(int fd)
{
	NEED(recv(fd, buffer, sizeof buffer, 0));
	return (void *)buffer;
}

static int error_of(struct nlmsghdr *m)
{
	WANT(m->nlmsg_type, NLMSG_ERROR);
	return -((struct nlmsgerr *)NLMSG_DATA(m))->error;
}

int main(void)
{
	int fd = nl_open(NETLINK_ROUTE), one = 1;
	struct ifinfomsg info = { .ifi_index = 60000 };
	struct nl_request r = nl_begin(RTM_GETLINK, NLM_F_ACK, &info, sizeof info), two[2];
	struct nlmsghdr *m;
	struct nlmsgerr *e = NLMSG_DATA((struct nlmsghdr *)buffer);

	/* A refusal quotes the question whole; a yes quotes its header. */
	nl_send(fd, &r);
	m = receive(fd);
	WANT(error_of(m), ENODEV);
	WANT(m->nlmsg_flags, 0);
	WANT(m->nlmsg_len, NLMSG_LENGTH(sizeof *e) + sizeof info);
	WANT(e->msg.nlmsg_seq, r.header.nlmsg_seq);
	WANT(e->msg.nlmsg_len, r.header.nlmsg_len);
	NEED(setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one));
	nl_send(fd, &r);
	m = receive(fd);
	WANT(error_of(m), ENODEV);
	WANT(m->nlmsg_len, NLMSG_LENGTH(sizeof *e));
	CHECK(m->nlmsg_flags & NLM_F_CAPPED);

	/* Unknown types; types below NLMSG_MIN_TYPE are nobody's. */
	r = nl_begin(RTM_MAX + 1, 0, &info, sizeof info);
	nl_send(fd, &r);
	WANT(error_of(receive(fd)), EOPNOTSUPP);
	r = nl_begin(NLMSG_NOOP, NLM_F_ACK, &info, sizeof info);
	nl_send(fd, &r);
	WANT(error_of(receive(fd)), 0);

	/* Not a request: no answer, but an acknowledgement for who asks for one. */
	r = nl_begin(RTM_GETLINK, 0, &info, sizeof info);
	r.header.nlmsg_flags = NLM_F_ACK;
	nl_send(fd, &r);
	WANT(error_of(receive(fd)), 0);
	r.header.nlmsg_flags = 0;
	nl_send(fd, &r);
	FAILS(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT), EAGAIN);

	/* A length that lies: no answer. */
	FAILS(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT), EAGAIN);
	r = nl_begin(RTM_GETLINK, NLM_F_ACK, &info, sizeof info);
	r.header.nlmsg_len += 1000;
	WANT(send(fd, &r, NLMSG_LENGTH(sizeof info), 0), NLMSG_LENGTH(sizeof info));
	FAILS(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT), EAGAIN);

	/* Two questions in one send, two answers. */
	info.ifi_index = 1;
	r = nl_begin(RTM_GETLINK, 0, &info, sizeof info);
	memcpy(two, &r, r.header.nlmsg_len);
	memcpy((char *)two + r.header.nlmsg_len, &r, r.header.nlmsg_len);
	WANT(send(fd, two, 2 * r.header.nlmsg_len, 0), 2 * r.header.nlmsg_len);
	WANT(receive(fd)->nlmsg_type, RTM_NEWLINK);
	WANT(receive(fd)->nlmsg_type, RTM_NEWLINK);
	FAILS(recv(fd, buffer, sizeof buffer, MSG_DONTWAIT), EAGAIN);

	/* An answer and its acknowledgement are two datagrams. */
	r = nl_begin(RTM_GETLINK, NLM_F_ACK, &info, sizeof info);
	nl_send(fd, &r);
	WANT(receive(fd)->nlmsg_type, RTM_NEWLINK);
	WANT(error_of(receive(fd)), 0);
	return done();
}
