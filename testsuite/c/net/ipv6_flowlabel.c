/*
 * Flow labels: leased with IPV6_FLOWLABEL_MGR, sent where IPV6_FLOWINFO_SEND allows,
 * shown with IPV6_FLOWINFO. ipv6(7), RFC 6437.
 * Agrees: Linux 7.2.
 */
#include "message.h"

#include <linux/in6.h>

#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11
#endif

static int manage(int fd, int action, int share, int flags, unsigned label)
{
	struct in6_flowlabel_req r;

	memset(&r, 0, sizeof r);
	memcpy(&r.flr_dst, &in6addr_loopback, sizeof r.flr_dst);
	r.flr_label = htonl(label);
	r.flr_action = action;
	r.flr_share = share;
	r.flr_flags = flags;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &r, sizeof r);
}

static int listed(const char *begin)
{
	char line[200];
	FILE *file = fopen("/proc/net/ip6_flowlabel", "r");
	int found = 0;

	while (file && fgets(line, sizeof line, file))
		found |= !strncmp(line, begin, strlen(begin));
	if (file)
		fclose(file);
	return found;
}

int main(void)
{
	struct address to;
	int server = bound(AF_INET6, SOCK_DGRAM, &to), client = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	struct message *m;

	set_int(server, IPPROTO_IPV6, IPV6_FLOWINFO, 1);
	WANT(get_int(client, IPPROTO_IPV6, IPV6_FLOWINFO_SEND), 0);
	/* Not asked for: no label of the program's is sent. */
	set_int(client, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
	to.v6.sin6_flowinfo = htonl(0x12345);
	WANT(sendto(client, "a", 1, 0, &to.any, to.length), 1);
	m = receive_soon(server, 0);
	WANT(m->length, 1);
	CHECK(!ancillary(m, IPPROTO_IPV6, IPV6_FLOWINFO));
	/* As long as nobody has one for himself, labels are free. */
	set_int(client, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1);
	WANT(sendto(client, "b", 1, 0, &to.any, to.length), 1);
	WANT(ntohl(ancillary_or(receive_soon(server, 0), IPPROTO_IPV6, IPV6_FLOWINFO, 0)), 0x12345);
	WANT(manage(client, IPV6_FL_A_GET, IPV6_FL_S_EXCL, IPV6_FL_F_CREATE, 0x12345), 0);
	FAILS(manage(client, IPV6_FL_A_GET, IPV6_FL_S_EXCL, IPV6_FL_F_CREATE | IPV6_FL_F_EXCL, 0x12345), EEXIST);
	WANT(sendto(client, "c", 1, 0, &to.any, to.length), 1);
	m = receive_soon(server, 0);
	WANT(ntohl(ancillary_or(m, IPPROTO_IPV6, IPV6_FLOWINFO, 0)), 0x12345);
	/* Listed; nobody else may have it, nor send with another label without a lease. */
	CHECK(listed("12345 1 "));
	FAILS(manage(server, IPV6_FL_A_GET, IPV6_FL_S_EXCL, 0, 0x12345), EPERM);
	FAILS(manage(server, IPV6_FL_A_GET, IPV6_FL_S_ANY, 0, 0x23456), ENOENT);
	FAILS(manage(client, IPV6_FL_A_GET, IPV6_FL_S_EXCL, IPV6_FL_F_CREATE, 0x112345), EINVAL);
	to.v6.sin6_flowinfo = htonl(0x23456);
	FAILS(sendto(client, "x", 1, 0, &to.any, to.length), EINVAL);
	WANT(manage(client, IPV6_FL_A_PUT, 0, 0, 0x12345), 0);
	FAILS(manage(client, IPV6_FL_A_PUT, 0, 0, 0x12345), ESRCH);
	/* Labels that the kernel makes. */
	to.v6.sin6_flowinfo = 0;
	set_int(client, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 1);
	WANT(sendto(client, "d", 1, 0, &to.any, to.length), 1);
	CHECK(ancillary_or(receive_soon(server, 0), IPPROTO_IPV6, IPV6_FLOWINFO, 0) != 0);
	return done();
}
