/*
 * PACKET_FANOUT: packet sockets that share what they see; PACKET_FANOUT_DATA, PACKET_ROLLOVER_STATS. packet(7).
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

#define KIND 0x88b5

static struct sockaddr_ll lo;

static int packet_socket(int protocol)
{
	int fd = NEED(socket(AF_PACKET, SOCK_RAW, 0));

	lo.sll_protocol = htons(protocol);
	NEED(bind(fd, (struct sockaddr *)&lo, sizeof lo));
	return fd;
}

static int fanout(int fd, int id, int type)
{
	int value = id | type << 16;

	return setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, sizeof value);
}

static void throw(int fd, int mark)
{
	unsigned char frame[60] = { [12] = KIND >> 8, KIND & 255, mark, [59] = 'q' };

	NEED(send(fd, frame, sizeof frame, 0));
}

/* How many frames wait. */
static int drain(int fd)
{
	unsigned char frame[100];
	int count = 0;

	while (recv(fd, frame, sizeof frame, MSG_DONTWAIT) > 0)
		count++;
	return count;
}

static void checks(void)
{
	struct { unsigned short id, type; unsigned max; } args = { 7, PACKET_FANOUT_LB, 1 };
	int a = packet_socket(KIND), b = packet_socket(KIND), other = packet_socket(ETH_P_IP), none = packet_socket(0), c;
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 1);
	struct sock_fprog program = { 1, &code };
	struct tpacket_rollover_stats stats;
	socklen_t size = sizeof stats;
	short half = 1;

	WANT(get_int(a, SOL_PACKET, PACKET_FANOUT), 0);
	FAILS(setsockopt(a, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof program), EINVAL);
	FAILS(getsockopt(a, SOL_PACKET, PACKET_ROLLOVER_STATS, &stats, &size), EINVAL);
	FAILS(setsockopt(a, SOL_PACKET, PACKET_FANOUT, &half, sizeof half), EINVAL);
	FAILS(fanout(a, 1, 99), EINVAL);
	FAILS(fanout(a, 1, PACKET_FANOUT_ROLLOVER | PACKET_FANOUT_FLAG_ROLLOVER), EINVAL);
	FAILS(fanout(none, 1, PACKET_FANOUT_HASH), EINVAL);
	WANT(fanout(a, 1, PACKET_FANOUT_LB), 0);
	WANT(get_int(a, SOL_PACKET, PACKET_FANOUT), 1 | PACKET_FANOUT_LB << 16);
	FAILS(fanout(a, 1, PACKET_FANOUT_LB), EALREADY);
	FAILS(fanout(a, 2, PACKET_FANOUT_HASH), EALREADY);
	FAILS(fanout(b, 1, PACKET_FANOUT_HASH), EINVAL);
	FAILS(fanout(b, 1, PACKET_FANOUT_LB | PACKET_FANOUT_FLAG_DEFRAG), EINVAL);
	FAILS(fanout(other, 1, PACKET_FANOUT_LB), EINVAL);
	FAILS(bind(a, (struct sockaddr *)&lo, sizeof lo), EINVAL);
	FAILS(setsockopt(a, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof program), EINVAL);
	FAILS(getsockopt(a, SOL_PACKET, PACKET_ROLLOVER_STATS, &stats, &size), EINVAL);
	close(a);
	/* The group went with its last socket. */
	WANT(fanout(b, 1, PACKET_FANOUT_HASH), 0);
	close(b);
	/* A group of one. */
	a = packet_socket(KIND);
	b = packet_socket(KIND);
	WANT(setsockopt(a, SOL_PACKET, PACKET_FANOUT, &args, sizeof args), 0);
	FAILS(setsockopt(b, SOL_PACKET, PACKET_FANOUT, &args, sizeof args), ENOSPC);
	args.max = 2;
	FAILS(setsockopt(b, SOL_PACKET, PACKET_FANOUT, &args, sizeof args), EINVAL);
	args.max = 65537;
	args.id = 8;
	FAILS(setsockopt(b, SOL_PACKET, PACKET_FANOUT, &args, sizeof args), EINVAL);
	/* A number that nobody has. */
	FAILS(fanout(b, 3, PACKET_FANOUT_LB | PACKET_FANOUT_FLAG_UNIQUEID), EINVAL);
	WANT(fanout(b, 0, PACKET_FANOUT_LB | PACKET_FANOUT_FLAG_UNIQUEID), 0);
	c = get_int(b, SOL_PACKET, PACKET_FANOUT);
	WANT(c >> 16, PACKET_FANOUT_LB);
	CHECK((c & 0xffff) != 7);
	close(a);
	close(b);
	close(other);
	close(none);
}

static void shares(int type, int first, int second)
{
	int a = packet_socket(KIND), b = packet_socket(KIND), out = packet_socket(0), got;

	printf("# type %#x\n", type);
	NEED(fanout(a, 5, type));
	NEED(fanout(b, 5, type));
	for (int i = 0; i < 8; i++)
		throw(out, i);
	got = drain(a);
	if (first >= 0) {
		WANT(got, first);
		WANT(drain(b), second);
	} else {
		WANT(got + drain(b), 8);
		CHECK(first == -1 || got == 0 || got == 8);
	}
	close(a);
	/* The other takes all. */
	for (int i = 0; i < 8; i++)
		throw(out, i);
	WANT(drain(b), 8);
	close(b);
	close(out);
}

static void program(void)
{
	int a = packet_socket(KIND), b = packet_socket(KIND), c = packet_socket(KIND), out = packet_socket(0);
	struct sock_filter code[] = { BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_A, 0) };
	struct sock_fprog prog = { 2, code };

	NEED(fanout(a, 6, PACKET_FANOUT_CBPF));
	NEED(fanout(b, 6, PACKET_FANOUT_CBPF));
	NEED(fanout(c, 6, PACKET_FANOUT_CBPF));
	/* Without a program, the first. */
	throw(out, 1);
	WANT(drain(a), 1);
	FAILS(setsockopt(b, SOL_PACKET, PACKET_FANOUT_DATA, &prog, sizeof prog - 1), EINVAL);
	WANT(setsockopt(b, SOL_PACKET, PACKET_FANOUT_DATA, &prog, sizeof prog), 0);
	/* The program begins at the network header of what comes in. */
	for (int i = 0; i < 7; i++)
		throw(out, i);
	WANT(drain(a), 3);
	WANT(drain(b), 2);
	WANT(drain(c), 2);
	/* The last one moves into the place of the one that leaves. */
	close(a);
	throw(out, 0);
	WANT(drain(c), 1);
	throw(out, 1);
	WANT(drain(b), 1);
	close(b);
	close(c);
	close(out);
}

static void rollover(int type)
{
	int a = packet_socket(KIND), b = packet_socket(KIND), out = packet_socket(0), first, second;
	struct tpacket_rollover_stats stats;
	socklen_t size = sizeof stats;

	printf("# rollover %#x\n", type);
	set_int(a, SOL_SOCKET, SO_RCVBUF, 4096);
	NEED(fanout(a, 9, type));
	NEED(fanout(b, 9, type));
	for (int i = 0; i < 40; i++)
		throw(out, i);
	first = drain(a);
	second = drain(b);
	CHECK(first > 0 && first < 20);
	WANT(first + second, 40);
	WANT(getsockopt(a, SOL_PACKET, PACKET_ROLLOVER_STATS, &stats, &size), 0);
	WANT(size, sizeof stats);
	close(a);
	close(b);
	close(out);
}

int main(void)
{
	lo = (struct sockaddr_ll) { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex("lo") };
	checks();
	shares(PACKET_FANOUT_LB, 4, 4);
	shares(PACKET_FANOUT_CPU, -2, 0);
	shares(PACKET_FANOUT_HASH, -2, 0);
	shares(PACKET_FANOUT_RND, -1, 0);
	shares(PACKET_FANOUT_QM, 8, 0);
	program();
	rollover(PACKET_FANOUT_CPU | PACKET_FANOUT_FLAG_ROLLOVER);
	return done();
}
