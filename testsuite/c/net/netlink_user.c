/*
 * NETLINK_USERSOCK: from one program to another, by number and by group (netlink(7)).
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

int main(void)
{
	int a = nl_open(NETLINK_USERSOCK), b = nl_open(NETLINK_USERSOCK);
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = 70001 }, from;
	socklen_t length = sizeof from;
	char text[16] = "";

	NEED(bind(a, (void *)&to, sizeof to));
	to.nl_pid = 70002;
	FAILS(sendto(a, "hello", 5, 0, (void *)&to, sizeof to), ECONNREFUSED);
	to.nl_groups = 2;
	NEED(bind(b, (void *)&to, sizeof to));
	to.nl_groups = 0;
	WANT(sendto(a, "hello", 5, 0, (void *)&to, sizeof to), 5);
	WANT(recvfrom(b, text, sizeof text, 0, (void *)&from, &length), 5);
	WANT(memcmp(text, "hello", 5), 0);
	WANT(from.nl_pid, 70001);
	WANT(from.nl_groups, 0);

	/* Whom connect named. */
	WANT(connect(a, (void *)&to, sizeof to), 0);
	WANT(send(a, "there", 5, 0), 5);
	WANT(recv(b, text, sizeof text, 0), 5);

	/* A group: everybody in it but the sender. Port 0 is the kernel, which does not listen. */
	to.nl_pid = 0;
	to.nl_groups = 2;
	sendto(a, "all", 3, 0, (void *)&to, sizeof to);
	WANT(recvfrom(b, text, sizeof text, 0, (void *)&from, &length), 3);
	WANT(from.nl_groups, 2);
	to.nl_groups = 0;
	FAILS(sendto(a, "hello", 5, 0, (void *)&to, sizeof to), ECONNREFUSED);
	return done();
}
