/*
 * A filter on a UDP socket drops and cuts datagrams; offset 0 is the UDP header, which is never cut:
 * Documentation/networking/filter.rst.
 * Agrees: Linux 6.18.
 */
#include "net.h"
#include <linux/filter.h>
#include <linux/if_ether.h>

static int fd, sender;
static struct sockaddr_in to;

static void attach(struct sock_filter *code, int count)
{
	struct sock_fprog prog = { count, code };

	NEED(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog));
}

#define FILTER(...) ({ struct sock_filter code[] = { __VA_ARGS__ }; attach(code, sizeof code / sizeof *code); })

/* Bytes that arrive of "0123456789", -1 for none. */
static int arrives(void)
{
	char data[32];

	NEED(sendto(sender, "0123456789", 10, 0, (struct sockaddr *)&to, sizeof to));
	return recv(fd, data, sizeof data, MSG_DONTWAIT);
}

/* The filter answers what it loaded. */
#define LOADED(...) (({ FILTER(__VA_ARGS__, BPF_STMT(BPF_RET | BPF_A, 0)); }), arrives())
/* The filter keeps everything if A is k. */
#define IS(load, k) (({ FILTER(load, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1), \
	BPF_STMT(BPF_RET | BPF_K, -1), BPF_STMT(BPF_RET | BPF_K, 0)); }), arrives())

int main(void)
{
	socklen_t len = sizeof to;
	int zero = 0;

	fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	sender = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	NEED(bind(fd, (struct sockaddr *)&to, sizeof to));
	NEED(getsockname(fd, (struct sockaddr *)&to, &len));

	WANT(arrives(), 10);
	FILTER(BPF_STMT(BPF_RET | BPF_K, 0));
	FAILS(arrives(), EAGAIN);
	FILTER(BPF_STMT(BPF_RET | BPF_K, 12));
	WANT(arrives(), 4);
	FILTER(BPF_STMT(BPF_RET | BPF_K, 3));
	WANT(arrives(), 0);
	FILTER(BPF_STMT(BPF_RET | BPF_K, 18));
	WANT(arrives(), 10);

	/* Loads. */
	WANT(IS(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2), ntohs(to.sin_port)), 10);
	WANT(IS(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4), 18), 10);
	WANT(IS(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 8), '0'), 10);
	WANT(IS(BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), 18), 10);
	WANT(IS(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_NET_OFF + 9), IPPROTO_UDP), 10);
	WANT(IS(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL), ETH_P_IP), 10);
	WANT(IS(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_PKTTYPE), 0), 10);
	WANT(IS(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_IFINDEX), 1), 10);
	WANT(IS(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_HATYPE), 772), 10);
	/* Past the end: dropped, whatever would come later. */
	FAILS(IS(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 15), 0), EAGAIN);
	FAILS(LOADED(BPF_STMT(BPF_LDX | BPF_IMM, 0), BPF_STMT(BPF_LD | BPF_IMM, 9), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0)), EAGAIN);
	/* 4 * (0x30 & 15) + ... */
	WANT(LOADED(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 11), BPF_STMT(BPF_MISC | BPF_TXA, 0)), 12 - 8);

	WANT(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof zero), 0);
	WANT(arrives(), 10);
	return done();
}
