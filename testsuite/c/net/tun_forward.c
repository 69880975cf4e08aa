/*
 * Two interfaces of two processes in one namespace: packets that one writes come out of the other, one hop older; in another
 * namespace an interface is moved to, its descriptor still serves it.
 * Agrees: Linux 7.2.
 */
#include "tun.h"

static unsigned char packet[2048];

/* A UDP datagram from 10.8.4.2 to 10.8.5.2. */
static int make(unsigned char *ip)
{
	static const unsigned char head[28] = { 0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0, 10, 8, 4, 2, 10, 8, 5, 2, 0, 9, 0, 9, 0, 12 };
	unsigned short sum;

	memcpy(ip, head, sizeof head);
	memcpy(ip + 28, "data", 4);
	sum = tun_sum(ip, 20);
	ip[10] = sum >> 8;
	ip[11] = sum;
	return 32;
}

int main(void)
{
	struct space there;
	int left, right, pid, status, ping, moved;

	NEED(unshare(CLONE_NEWNET));
	NEED(sysctl_set("net/ipv4/ip_forward", "1"));
	left = tun_open("left", IFF_TUN | IFF_NO_PI);
	WANT(link_up("left"), 0);
	WANT(addr_add("left", "10.8.4.1", 24), 0);
	pid = NEED(fork());
	if (!pid) {
		int length;

		right = tun_open("right", IFF_TUN | IFF_NO_PI);
		NEED(link_up("right"));
		NEED(addr_add("right", "10.8.5.1", 24));
		do
			length = tun_next(right, packet, sizeof packet, 4);
		while (length > 0 && packet[9] != 17);
		_exit(length == 32 && packet[8] == 63 && !memcmp(packet + 28, "data", 4) ? 7 : 1);
	}
	NEED(link_becomes("left", IFF_RUNNING, IFF_RUNNING));
	for (int i = 0; i < 500 && link_state("right") == -1; i++)
		usleep(10000);
	NEED(link_becomes("right", IFF_RUNNING, IFF_RUNNING) - 1);
	status = -1;
	for (int i = 0; i < 20 && !(waitpid(pid, &status, WNOHANG) == pid); i++) {
		if (write(left, packet, make(packet)) != 32)
			WANT(errno, 0);
		usleep(50000);
	}
	WANT(WEXITSTATUS(status), 7);
	WANT(link_goes("right"), 1);

	/* A hop too many: the error comes back to who sent it. */
	make(packet);
	packet[8] = 1;
	packet[18] = 4;
	packet[19] = 77;
	packet[10] = packet[11] = 0;
	status = tun_sum(packet, 20);
	packet[10] = status >> 8;
	packet[11] = status;
	WANT(write(left, packet, 32), 32);
	do
		status = tun_next(left, packet, sizeof packet, 4);
	/* Others may have found no way since there is one interface only. */
	while (status > 0 && !(packet[9] == IPPROTO_ICMP && packet[20] == 11));
	CHECK(status >= 48);

	/* Moved away; the descriptor is the same. */
	there = space_new();
	WANT(link_move("left", there.pid), 0);
	WANT(if_nametoindex("left"), 0);
	FAILS(write(left, packet, make(packet)), EIO);
	space_enter(&there);
	CHECK(if_nametoindex("left") > 0);
	NEED(link_up("left"));
	NEED(addr_add("left", "10.8.4.1", 24));
	ping = tun_ping("10.8.4.9", 3);
	do
		status = tun_next(left, packet, sizeof packet, 4);
	while (status > 0 && packet[20] != 8);
	WANT(status, 36);
	CHECK(tun_answer(packet, status));
	WANT(write(left, packet, status), status);
	WANT(tun_ponged(ping, 3), 1);
	/* Its name is free here; the interfaces of a namespace that goes, go. */
	space_leave();
	moved = tun_open("left", IFF_TUN | IFF_NO_PI);
	close(moved);
	space_end(&there);
	for (int i = 0; i < 500 && tun_flags(left) != -1; i++)
		usleep(10000);
	FAILS(tun_flags(left), EBADFD);
	return done();
}
