/*
 * A filter on a packet socket: offset 0 is the link header, the network header on SOCK_DGRAM; it may cut, and
 * PACKET_AUXDATA tells both lengths. packet(7), Documentation/networking/filter.rst.
 * Agrees: Linux 6.18.
 */
#include "net.h"
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

/* Incoming UDP over IPv4 of 28 bytes is cut to `keep`. */
static void attach(int fd, int at, int keep)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 6),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at + 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, SKF_NET_OFF + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 29, 0, 2),
		BPF_STMT(BPF_LD | BPF_IMM, keep),
		BPF_STMT(BPF_RET | BPF_A, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { sizeof code / sizeof *code, code };

	NEED(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog));
}

int main(void)
{
	int raw = NEED(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL))), on = 1;
	int cooked = NEED(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL)));
	struct pair pair = udp_pair(AF_INET);
	char data[100], control[100];
	struct iovec iov = { data, sizeof data };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *item;
	struct tpacket_auxdata aux;

	while (recv(raw, data, sizeof data, MSG_DONTWAIT) >= 0 || recv(cooked, data, sizeof data, MSG_DONTWAIT) >= 0)
		;
	attach(raw, 14, 20);
	attach(cooked, 0, 20);
	WANT(setsockopt(raw, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on), 0);
	WANT(send(pair.client, "longer than one", 15, 0), 15);
	WANT(send(pair.client, "x", 1, 0), 1);
	WANT(recvmsg(raw, &message, MSG_DONTWAIT | MSG_TRUNC), 20);
	item = CMSG_FIRSTHDR(&message);
	CHECK(item && item->cmsg_level == SOL_PACKET && item->cmsg_type == PACKET_AUXDATA);
	if (!item)
		return done();
	memcpy(&aux, CMSG_DATA(item), sizeof aux);
	CHECK(aux.tp_status & TP_STATUS_USER);
	WANT(aux.tp_len, 14 + 29);
	WANT(aux.tp_snaplen, 20);
	WANT(aux.tp_mac, 0);
	WANT(aux.tp_net, 14);
	FAILS(recv(raw, data, sizeof data, MSG_DONTWAIT), EAGAIN);
	WANT(recv(cooked, data, sizeof data, MSG_DONTWAIT), 20);
	WANT(data[0], 0x45);
	FAILS(recv(cooked, data, sizeof data, MSG_DONTWAIT), EAGAIN);
	return done();
}
