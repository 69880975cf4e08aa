/*
 * NETLINK_SOCK_DIAG: a listener is found by a dump with its state, backlog and inode
 * number, TCP_INFO where asked for, and by its address alone (sock_diag(7)).
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <sys/stat.h>

static int port;

struct found {
	int count, info;
	struct inet_diag_msg m;
};

static void look(struct nlmsghdr *m, void *context)
{
	struct found *found = context;
	struct inet_diag_msg *d = NLMSG_DATA(m);

	if (ntohs(d->id.idiag_sport) != port)
		return;
	found->count++;
	found->m = *d;
	found->info = nl_get(m, sizeof *d, INET_DIAG_INFO) != NULL;
}

static struct found dump(int fd, int protocol, unsigned states, int wants)
{
	struct inet_diag_req_v2 q = {
		.sdiag_family = AF_INET, .sdiag_protocol = protocol, .idiag_states = states, .idiag_ext = wants,
	};
	struct found found = { 0 };

	WANT(nl_dump(fd, SOCK_DIAG_BY_FAMILY, &q, sizeof q, look, &found), 0);
	return found;
}

int main(void)
{
	int fd = nl_open(NETLINK_SOCK_DIAG), server;
	struct address address;
	struct inet_diag_req_v2 q = { .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = -1 };
	struct nl_request r;
	struct found found;
	struct stat st;

	server = NEED(socket(AF_INET, SOCK_STREAM, 0));
	address = loopback(AF_INET, 0);
	NEED(bind(server, &address.any, address.length));
	NEED(listen(server, 7));
	address = name_of(server);
	port = port_of(&address);
	NEED(fstat(server, &st));

	found = dump(fd, IPPROTO_TCP, -1, 1 << (INET_DIAG_INFO - 1));
	WANT(found.count, 1);
	WANT(found.m.idiag_state, 10 /* TCP_LISTEN */);
	WANT(found.m.idiag_wqueue, 7);
	WANT(found.m.idiag_rqueue, 0);
	WANT(found.m.idiag_inode, st.st_ino);
	WANT(found.m.id.idiag_src[0], htonl(INADDR_LOOPBACK));
	WANT(found.info, 1);
	WANT(dump(fd, IPPROTO_TCP, -1, 0).info, 0);
	WANT(dump(fd, IPPROTO_TCP, 1 << 10, 0).count, 1);
	WANT(dump(fd, IPPROTO_TCP, ~(1 << 10), 0).count, 0);
	WANT(dump(fd, IPPROTO_UDP, -1, 0).count, 0);

	/* One alone, by its addresses. */
	q.id = found.m.id;
	q.id.idiag_cookie[0] = q.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	r = nl_begin(SOCK_DIAG_BY_FAMILY, 0, &q, sizeof q);
	nl_send(fd, &r);
	memset(&found, 0, sizeof found);
	WANT(nl_each(fd, look, &found), 0);
	WANT(found.count, 1);
	close(server);
	r = nl_begin(SOCK_DIAG_BY_FAMILY, 0, &q, sizeof q);
	nl_send(fd, &r);
	WANT(nl_error(fd), ENOENT);
	WANT(dump(fd, IPPROTO_TCP, -1, 0).count, 0);
	return done();
}
