/*
 * A packet socket that was there first sees a TCP connection over lo: its SYN, its data, its FIN. packet(7).
 * Agrees: Linux 6.18.
 */
#include "net.h"
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <net/if.h>

int main(void)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = if_nametoindex("lo") };
	int fd = NEED(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP))), syn = 0, fin = 0, data = 0;
	struct pair pair;
	struct sockaddr_in name;
	socklen_t len = sizeof name;
	char byte, frame[65536];
	ssize_t got;

	NEED(bind(fd, (struct sockaddr *)&addr, sizeof addr));
	pair = tcp_pair(AF_INET);
	NEED(getsockname(pair.client, (struct sockaddr *)&name, &len));
	WANT(send(pair.client, "to be seen", 10, 0), 10);
	WANT(recv(pair.server, frame, sizeof frame, 0), 10);
	NEED(shutdown(pair.client, SHUT_WR));
	WANT(recv(pair.server, &byte, 1, 0), 0);
	while ((got = recv(fd, frame, sizeof frame, MSG_DONTWAIT)) > 0) {
		struct iphdr *ip = (struct iphdr *)frame;
		struct tcphdr *tcp = (struct tcphdr *)(frame + ip->ihl * 4);

		if (ip->protocol != IPPROTO_TCP || tcp->source != name.sin_port)
			continue;
		syn += tcp->syn;
		fin += tcp->fin;
		data += memmem(frame, got, "to be seen", 10) != NULL;
	}
	WANT(syn, 1);
	WANT(data, 1);
	WANT(fin, 1);
	return done();
}
