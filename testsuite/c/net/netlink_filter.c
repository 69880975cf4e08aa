/*
 * SO_ATTACH_FILTER on a netlink socket: it runs over each message that comes in,
 * and drops it or cuts it. socket(7), netlink(7).
 * Agrees: Linux 7.2.
 */
#include "net.h"

#include <linux/filter.h>
#include <linux/netlink.h>

static void attach(int fd, unsigned count, struct sock_filter *code)
{
	struct sock_fprog program = { count, code };

	NEED(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

int main(void)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	socklen_t length = sizeof to;
	int reader = NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK));
	int writer = NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK));
	char b[64];
	/* Messages that begin with 'k' are kept, others dropped; then: eight bytes of everything. */
	struct sock_filter first[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'k', 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff), BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_filter cut[] = { BPF_STMT(BPF_RET | BPF_K, 8) };

	NEED(bind(reader, (void *)&to, sizeof to));
	NEED(getsockname(reader, (void *)&to, &length));
	attach(reader, 4, first);
	WANT(sendto(writer, "drop this message", 17, 0, (void *)&to, sizeof to), 17);
	WANT(sendto(writer, "keep this message", 17, 0, (void *)&to, sizeof to), 17);
	WANT(recv(reader, b, sizeof b, MSG_DONTWAIT), 17);
	CHECK(!memcmp(b, "keep", 4));
	FAILS(recv(reader, b, sizeof b, MSG_DONTWAIT), EAGAIN);
	attach(reader, 1, cut);
	/* The sender is told what the filter left; of a dropped one, above, all. */
	WANT(sendto(writer, "keep this message", 17, 0, (void *)&to, sizeof to), 8);
	WANT(recv(reader, b, sizeof b, MSG_DONTWAIT), 8);
	return done();
}
