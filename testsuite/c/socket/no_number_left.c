/*
 * A descriptor that cannot be given is not lost: with RLIMIT_NOFILE reached accept(2) says EMFILE and the connection stays in
 * the queue; a number of SCM_RIGHTS that cannot be told to the program is not taken. accept(2), unix(7), cmsg(3).
 * Agrees: Linux 7.2.
 */
#include "net.h"

#include <sys/mman.h>
#include <sys/resource.h>

/* The number that the next descriptor would have. */
static int next_number(void)
{
	int fd = NEED(dup(0));

	close(fd);
	return fd;
}

static void accept_without_number(void)
{
	struct rlimit limit, low;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof at;
	int listener = NEED(socket(AF_INET, SOCK_STREAM, 0)), client = NEED(socket(AF_INET, SOCK_STREAM, 0)), child;
	char byte = 0;

	NEED(bind(listener, (void *)&at, sizeof at));
	NEED(listen(listener, 1));
	NEED(getsockname(listener, (void *)&at, &length));
	NEED(connect(client, (void *)&at, sizeof at));
	NEED(write(client, "x", 1));
	NEED(getrlimit(RLIMIT_NOFILE, &limit));
	low = limit;
	low.rlim_cur = next_number();
	NEED(setrlimit(RLIMIT_NOFILE, &low));
	FAILS(accept(listener, NULL, NULL), EMFILE);
	FAILS(accept(0, NULL, NULL), EMFILE);
	NEED(setrlimit(RLIMIT_NOFILE, &limit));
	child = NEED(accept(listener, NULL, NULL));
	WANT(read(child, &byte, 1), 1);
	WANT(byte, 'x');
	close(child);
	close(client);
	close(listener);
}

/* Receives two descriptors into a control buffer; how many numbers are taken after it. */
static int receive(int *pair, void *control, size_t room, int *flags)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} out = { .head = { .cmsg_len = CMSG_LEN(2 * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr send = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &out, .msg_controllen = sizeof out };
	struct msghdr in = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room };
	int before, standard[2] = { 0, 1 };

	memcpy(CMSG_DATA(&out.head), standard, sizeof standard);
	NEED(sendmsg(pair[0], &send, 0));
	before = next_number();
	NEED(recvmsg(pair[1], &in, 0));
	*flags = in.msg_flags;
	return next_number() - before;
}

static void rights_untold(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pair[2], flags, taken;

	NEED(map == MAP_FAILED ? -1 : 0);
	NEED(munmap(map + page, page));
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	/* There is no memory. */
	taken = receive(pair, map + page, 64, &flags);
	WANT(taken, 0);
	WANT(flags & MSG_CTRUNC, MSG_CTRUNC);
	/* There is for the header and one number. */
	taken = receive(pair, map + page - 20, 64, &flags);
	WANT(taken, 1);
	WANT(flags & MSG_CTRUNC, MSG_CTRUNC);
	/* It may not be written. */
	NEED(mprotect(map, page, PROT_READ));
	taken = receive(pair, map, 64, &flags);
	WANT(taken, 0);
	WANT(flags & MSG_CTRUNC, MSG_CTRUNC);
	/* There is all of it. */
	NEED(mprotect(map, page, PROT_READ | PROT_WRITE));
	taken = receive(pair, map, 64, &flags);
	WANT(taken, 2);
	WANT(flags & MSG_CTRUNC, 0);
	/* And room for one. */
	taken = receive(pair, map, CMSG_LEN(sizeof(int)), &flags);
	WANT(taken, 1);
	WANT(flags & MSG_CTRUNC, MSG_CTRUNC);
}

int main(void)
{
	accept_without_number();
	rights_untold();
	return done();
}
