/*
 * SO_ATTACH_REUSEPORT_CBPF: a program chooses among the sockets that share a port; SO_DETACH_REUSEPORT_BPF. socket(7).
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include <linux/filter.h>

#define GROUP 3

/* The first byte of the data, or of what offset 0 is. */
static struct sock_filter first_byte[] = { BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_A, 0) };
static struct sock_fprog by_byte = { 2, first_byte };

static int attach(int fd, struct sock_fprog *program)
{
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, program, sizeof *program);
}

static int detach(int fd)
{
	int none = 0;

	return setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none, sizeof none);
}

static void group(int family, int type, int *fds, struct address *name)
{
	*name = loopback(family, 0);
	for (int i = 0; i < GROUP; i++) {
		fds[i] = NEED(socket(family, type, 0));
		set_int(fds[i], SOL_SOCKET, SO_REUSEPORT, 1);
		NEED(bind(fds[i], &name->any, name->length));
		*name = name_of(fds[i]);
		if (type == SOCK_STREAM)
			NEED(listen(fds[i], 8));
	}
}

static void checks(int family)
{
	struct address name;
	int plain = NEED(socket(family, SOCK_DGRAM, 0)), bound_plain = bound(family, SOCK_DGRAM, &name), fds[GROUP];
	struct sock_filter bad[] = { BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0) };
	struct sock_fprog broken = { 1, bad };

	FAILS(attach(plain, &by_byte), EINVAL);
	FAILS(detach(plain), EINVAL);
	FAILS(attach(bound_plain, &by_byte), EINVAL);
	set_int(plain, SOL_SOCKET, SO_REUSEPORT, 1);
	FAILS(detach(plain), ENOENT);
	WANT(attach(plain, &by_byte), 0);
	WANT(attach(plain, &by_byte), 0);
	WANT(detach(plain), 0);
	FAILS(detach(plain), ENOENT);
	group(family, SOCK_DGRAM, fds, &name);
	FAILS(attach(fds[0], &broken), EINVAL);
	FAILS(setsockopt(fds[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &by_byte, 3), EINVAL);
	WANT(attach(fds[1], &by_byte), 0);
	/* One program for all of them. */
	WANT(detach(fds[2]), 0);
	FAILS(detach(fds[1]), ENOENT);
	for (int i = 0; i < GROUP; i++)
		close(fds[i]);
	close(plain);
	close(bound_plain);
}

static int whose(int *fds)
{
	char byte;

	for (int wait = 0; wait < 200; wait++) {
		for (int i = 0; i < GROUP; i++)
			if (fds[i] >= 0 && recv(fds[i], &byte, 1, MSG_DONTWAIT) == 1)
				return i;
		sleep_ms(5);
	}
	return -1;
}

static void datagrams(int family)
{
	int fds[GROUP], out = NEED(socket(family, SOCK_DGRAM, 0)), last;
	struct address name;

	group(family, SOCK_DGRAM, fds, &name);
	NEED(attach(fds[0], &by_byte));
	for (int i = 0; i < 2 * GROUP; i++) {
		char byte = i % GROUP;

		NEED(sendto(out, &byte, 1, 0, &name.any, name.length));
		WANT(whose(fds), i % GROUP);
	}
	/* A place that there is not: by the hash, always the same. */
	NEED(sendto(out, "\x63", 1, 0, &name.any, name.length));
	last = whose(fds);
	CHECK(last >= 0);
	NEED(sendto(out, "\x64", 1, 0, &name.any, name.length));
	WANT(whose(fds), last);
	/* The last moves into the place of the one that leaves. */
	close(fds[0]);
	fds[0] = -1;
	NEED(sendto(out, "\0", 1, 0, &name.any, name.length));
	WANT(whose(fds), 2);
	NEED(sendto(out, "\1", 1, 0, &name.any, name.length));
	WANT(whose(fds), 1);
	/* The program stays with those that are left. */
	WANT(detach(fds[1]), 0);
	close(fds[1]);
	close(fds[2]);
	close(out);
}

/* The source port chooses: listeners' packets have no data yet, so that the program looks at the network header. */
static void streams(int family)
{
	struct sock_filter port[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, SKF_NET_OFF + (family == AF_INET ? 20 : 40)),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, GROUP),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = { 3, port };
	int fds[GROUP];
	struct address name;

	group(family, SOCK_STREAM, fds, &name);
	NEED(attach(fds[2], &program));
	for (int i = 0; i < 6; i++) {
		struct address from = no_address();
		int client = NEED(socket(family, SOCK_STREAM, 0)), got = -1, child;

		NEED(connect(client, &name.any, name.length));
		for (int j = 0; j < GROUP; j++)
			if (ready(fds[j], POLLIN, 0))
				got = j;
		from = name_of(client);
		WANT(got, port_of(&from) % GROUP);
		child = NEED(accept(fds[got], NULL, NULL));
		close(child);
		close(client);
	}
	for (int i = 0; i < GROUP; i++)
		close(fds[i]);
}

static void all(int family)
{
	checks(family);
	datagrams(family);
	streams(family);
}

int main(void)
{
	for_both(all);
	return done();
}
