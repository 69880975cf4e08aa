/*
 * sendfile, splice, tee, vmsplice, read, write and preadv2's flags on every kind of
 * descriptor, with six bytes to move. sendfile(2), splice(2), tee(2), vmsplice(2), preadv2(2).
 *
 * A row: sendfile from a file to it, from it to a pipe and with an offset; splice from a pipe
 * to it, from it to a pipe, both with offsets; tee both ways; vmsplice; then with RWF_NOWAIT,
 * RWF_APPEND, RWF_HIPRI, 0x100000 read and write, at -1 and at 0; pread, pwrite; lseek.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "table.h"

#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

static const struct row linux_says[] = {
	{ "closed", "sendfile EBADF EBADF EBADF, splice EBADF EBADF EBADF EBADF, tee EBADF EBADF EBADF, v2 EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF, p EBADF EBADF EBADF" },
	{ "tcp", "sendfile 6 6 ESPIPE, splice 6 EINVAL 6 EINVAL, tee EINVAL EINVAL EBADF, v2 6 6 6 6 6 6 EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "tcp6", "sendfile 6 6 ESPIPE, splice 6 EINVAL 6 EINVAL, tee EINVAL EINVAL EBADF, v2 6 6 6 6 6 6 EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "tcp fresh", "sendfile EPIPE ENOTCONN ESPIPE, splice EPIPE EINVAL ENOTCONN EINVAL, tee EINVAL EINVAL EBADF, v2 ENOTCONN EPIPE ENOTCONN EPIPE ENOTCONN EPIPE EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "tcp listening", "sendfile EPIPE ENOTCONN ESPIPE, splice EPIPE EINVAL ENOTCONN EINVAL, tee EINVAL EINVAL EBADF, v2 ENOTCONN EPIPE ENOTCONN EPIPE ENOTCONN EPIPE EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "udp", "sendfile 6 6 ESPIPE, splice 6 EINVAL 6 EINVAL, tee EINVAL EINVAL EBADF, v2 6 6 6 6 6 6 EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "udp6", "sendfile 6 6 ESPIPE, splice 6 EINVAL 6 EINVAL, tee EINVAL EINVAL EBADF, v2 6 6 6 6 6 6 EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "udp fresh", "sendfile EDESTADDRREQ EAGAIN ESPIPE, splice EDESTADDRREQ EINVAL EAGAIN EINVAL, tee EINVAL EINVAL EBADF, v2 EAGAIN EDESTADDRREQ EAGAIN EDESTADDRREQ EAGAIN EDESTADDRREQ EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "raw", "sendfile 6 6 ESPIPE, splice 6 EINVAL 6 EINVAL, tee EINVAL EINVAL EBADF, v2 EAGAIN 6 6 6 6 6 EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "unix stream", "sendfile 6 6 ESPIPE, splice 6 EINVAL 6 EINVAL, tee EINVAL EINVAL EBADF, v2 6 6 6 6 6 6 EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "unix stream fresh", "sendfile ENOTCONN EINVAL ESPIPE, splice ENOTCONN EINVAL EINVAL EINVAL, tee EINVAL EINVAL EBADF, v2 EINVAL ENOTCONN EINVAL ENOTCONN EINVAL ENOTCONN EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "unix seqpacket", "sendfile 6 6 ESPIPE, splice 6 EINVAL 6 EINVAL, tee EINVAL EINVAL EBADF, v2 6 6 6 6 6 6 EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "unix dgram", "sendfile 6 6 ESPIPE, splice 6 EINVAL 6 EINVAL, tee EINVAL EINVAL EBADF, v2 6 6 6 6 6 6 EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "netlink", "sendfile 6 EAGAIN ESPIPE, splice 6 EINVAL EAGAIN EINVAL, tee EINVAL EINVAL EBADF, v2 EAGAIN 6 EAGAIN 6 EAGAIN 6 EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "packet", "sendfile 6 6 ESPIPE, splice 6 EINVAL 6 EINVAL, tee EINVAL EINVAL EBADF, v2 EAGAIN 6 6 6 6 6 EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "pipe reader", "sendfile EBADF EINVAL ESPIPE, splice EBADF ESPIPE 6 ESPIPE, tee EBADF 6 6, v2 EOPNOTSUPP EBADF 6 EBADF 6 EBADF EOPNOTSUPP EBADF ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "pipe writer", "sendfile 6 EBADF EBADF, splice 6 ESPIPE EBADF ESPIPE, tee 6 EBADF 6, v2 EBADF EOPNOTSUPP EBADF 6 EBADF 6 EBADF EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE ESPIPE" },
	{ "eventfd", "sendfile EINVAL EINVAL ESPIPE, splice EINVAL EINVAL EINVAL EINVAL, tee EINVAL EINVAL EBADF, v2 EINVAL EOPNOTSUPP EINVAL EOPNOTSUPP EINVAL EINVAL EOPNOTSUPP EOPNOTSUPP ESPIPE ESPIPE, p ESPIPE ESPIPE 0" },
	{ "timerfd", "sendfile EINVAL EINVAL ESPIPE, splice EINVAL EINVAL EINVAL EINVAL, tee EINVAL EINVAL EBADF, v2 EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EOPNOTSUPP EINVAL ESPIPE ESPIPE, p ESPIPE ESPIPE 0" },
	{ "signalfd", "sendfile EINVAL EINVAL ESPIPE, splice EINVAL EINVAL EINVAL EINVAL, tee EINVAL EINVAL EBADF, v2 EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EOPNOTSUPP EINVAL ESPIPE ESPIPE, p ESPIPE ESPIPE 0" },
	{ "inotify", "sendfile EBADF EINVAL ESPIPE, splice EBADF EBADF EINVAL EINVAL, tee EBADF EINVAL EBADF, v2 EOPNOTSUPP EBADF EOPNOTSUPP EBADF EAGAIN EBADF EOPNOTSUPP EBADF ESPIPE ESPIPE, p ESPIPE ESPIPE 0" },
	{ "epoll", "sendfile EINVAL EINVAL ESPIPE, splice EINVAL EINVAL EINVAL EINVAL, tee EINVAL EINVAL EBADF, v2 EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL ESPIPE ESPIPE, p ESPIPE ESPIPE 0" },
	{ "memfd", "sendfile 6 6 6, splice 6 6 6 6, tee EINVAL EINVAL EBADF, v2 EOPNOTSUPP EOPNOTSUPP 6 6 6 6 EOPNOTSUPP EOPNOTSUPP 6 6, p 6 6 0" },
	{ "memfd to append to", "sendfile EINVAL 6 6, splice EINVAL EINVAL 6 6, tee EINVAL EINVAL EBADF, v2 EOPNOTSUPP EOPNOTSUPP 6 6 6 6 EOPNOTSUPP EOPNOTSUPP 6 6, p 6 6 0" },
	{ "/dev/null", "sendfile 6 EINVAL EINVAL, splice 6 6 EINVAL EINVAL, tee EINVAL EINVAL EBADF, v2 0 6 0 6 0 6 EOPNOTSUPP EOPNOTSUPP 0 6, p 0 6 0" },
	{ "/dev/zero", "sendfile 6 6 6, splice 6 6 6 6, tee EINVAL EINVAL EBADF, v2 6 6 6 6 6 6 EOPNOTSUPP EOPNOTSUPP 6 6, p 6 6 0" },
	{ "directory", "sendfile EBADF EINVAL EINVAL, splice EBADF EBADF EINVAL EINVAL, tee EBADF EINVAL EBADF, v2 EOPNOTSUPP EBADF EOPNOTSUPP EBADF EISDIR EBADF EOPNOTSUPP EBADF EISDIR EBADF, p EISDIR EBADF 0" },
	{ "O_PATH", "sendfile EBADF EBADF EBADF, splice EBADF EBADF EBADF EBADF, tee EBADF EBADF EBADF, v2 EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF, p EBADF EBADF EBADF" },
};

static char block[4096];

/* A descriptor with something to read where that can be, and what feeds it. */
struct thing {
	int fd, other;
};

static void none(struct thing *thing) { (void)thing; }
/* What it sent itself is on its way. */
static void settle(struct thing *thing) { (void)thing; sleep_ms(2); }
static void feed(struct thing *thing) { if (write(thing->other, "abcdef", 6) != 6) check_bail("feed", errno, __FILE__, __LINE__); sleep_ms(1); }
static void feed_self(struct thing *thing) { pwrite(thing->fd, "abcdef", 6, 0); lseek(thing->fd, 0, SEEK_SET); }
static void feed_count(struct thing *thing) { unsigned long long one = 1; NEED(write(thing->fd, &one, 8)); }

static int pipe_with(const char *text)
{
	static int last[2] = { -1, -1 };

	close(last[0]);
	close(last[1]);
	NEED(pipe2(last, O_NONBLOCK));
	if (*text)
		NEED(write(last[1], text, strlen(text)));
	return *text ? last[0] : last[1];
}

static int source(void)
{
	static int fd = -1;

	if (fd == -1) {
		fd = NEED(memfd_create("source", 0));
		NEED(write(fd, "abcdef", 6));
	}
	NEED(lseek(fd, 0, SEEK_SET));
	return fd;
}

static char line[1024], *at;

#define SAY(call) (errno = 0, at += sprintf(at, " %s", answer(call)))

static void kind(const char *name, struct thing thing, void (*refill)(struct thing *))
{
	struct iovec part = { block, 6 };
	int fd = thing.fd;
	loff_t where;

	at = line;
	at += sprintf(at, "sendfile");
	SAY(sendfile(fd, source(), NULL, 6));
	refill(&thing);
	SAY(sendfile(pipe_with(""), fd, NULL, 6));
	refill(&thing);
	where = 0;
	SAY(sendfile(pipe_with(""), fd, (off_t *)&where, 6));
	at += sprintf(at, ", splice");
	SAY(splice(pipe_with("abcdef"), NULL, fd, NULL, 6, SPLICE_F_NONBLOCK));
	where = 0;
	SAY(splice(pipe_with("abcdef"), NULL, fd, &where, 6, SPLICE_F_NONBLOCK));
	refill(&thing);
	SAY(splice(fd, NULL, pipe_with(""), NULL, 6, SPLICE_F_NONBLOCK));
	refill(&thing);
	where = 0;
	SAY(splice(fd, &where, pipe_with(""), NULL, 6, SPLICE_F_NONBLOCK));
	at += sprintf(at, ", tee");
	SAY(tee(pipe_with("abcdef"), fd, 6, SPLICE_F_NONBLOCK));
	SAY(tee(fd, pipe_with(""), 6, SPLICE_F_NONBLOCK));
	SAY(vmsplice(fd, &part, 1, SPLICE_F_NONBLOCK));
	at += sprintf(at, ", v2");
	for (size_t i = 0; i < 4; i++) {
		static const int flags[] = { 8 /* RWF_NOWAIT */, 16 /* RWF_APPEND */, 1 /* RWF_HIPRI */, 0x100000 };

		refill(&thing);
		SAY(syscall(SYS_preadv2, fd, &part, 1, -1L, -1L, flags[i]));
		SAY(syscall(SYS_pwritev2, fd, &part, 1, -1L, -1L, flags[i]));
	}
	SAY(syscall(SYS_preadv2, fd, &part, 1, 0L, 0L, 0));
	SAY(syscall(SYS_pwritev2, fd, &part, 1, 0L, 0L, 0));
	at += sprintf(at, ", p");
	SAY(pread(fd, block, 6, 0));
	SAY(pwrite(fd, block, 6, 0));
	SAY(lseek(fd, 0, SEEK_CUR));
	ROW(name, "%s", line);
	close(fd);
	if (thing.other != fd)
		close(thing.other);
}

static struct thing of(int fd) { return (struct thing){ fd, fd }; }

static struct thing pair_of(struct pair pair)
{
	/* Six bytes are sent at once, whatever was acknowledged; where this is no TCP socket it is refused. */
	setsockopt(pair.client, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	set_nonblocking(pair.client);
	set_nonblocking(pair.server);
	return (struct thing){ pair.server, pair.client };
}

static struct thing unix_pair(int type)
{
	int fds[2];

	NEED(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, fds));
	return (struct thing){ fds[0], fds[1] };
}

int main(int argc, char **argv)
{
	struct sockaddr_ll lo = { .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5), .sll_ifindex = 1 };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct address address, here = loopback(AF_INET, 0);
	int fds[2], fd;
	sigset_t set;

	ROWS(linux_says, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	memset(block, 'z', 6);
	kind("closed", of(-1), none);
	kind("tcp", pair_of(tcp_pair(AF_INET)), feed);
	kind("tcp6", pair_of(tcp_pair(AF_INET6)), feed);
	kind("tcp fresh", of(NEED(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0))), none);
	fd = tcp_listen(AF_INET, &address);
	set_nonblocking(fd);
	kind("tcp listening", of(fd), none);
	kind("udp", pair_of(udp_pair(AF_INET)), feed);
	kind("udp6", pair_of(udp_pair(AF_INET6)), feed);
	kind("udp fresh", of(NEED(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0))), none);
	fd = NEED(socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, 253));
	NEED(connect(fd, &here.any, here.length));
	kind("raw", of(fd), settle);
	kind("unix stream", unix_pair(SOCK_STREAM), feed);
	kind("unix stream fresh", of(NEED(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0))), none);
	kind("unix seqpacket", unix_pair(SOCK_SEQPACKET), feed);
	kind("unix dgram", unix_pair(SOCK_DGRAM), feed);
	fd = NEED(socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE));
	NEED(connect(fd, (struct sockaddr *)&kernel, sizeof kernel));
	kind("netlink", of(fd), none);
	fd = NEED(socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	NEED(bind(fd, (struct sockaddr *)&lo, sizeof lo));
	kind("packet", of(fd), settle);
	NEED(pipe2(fds, O_NONBLOCK));
	kind("pipe reader", (struct thing){ fds[0], fds[1] }, feed);
	NEED(pipe2(fds, O_NONBLOCK));
	kind("pipe writer", (struct thing){ fds[1], fds[0] }, none);
	kind("eventfd", of(NEED(eventfd(0, EFD_NONBLOCK))), feed_count);
	kind("timerfd", of(NEED(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK))), none);
	sigemptyset(&set);
	kind("signalfd", of(NEED(signalfd(-1, &set, SFD_NONBLOCK))), none);
	kind("inotify", of(NEED(inotify_init1(IN_NONBLOCK))), none);
	kind("epoll", of(NEED(epoll_create1(0))), none);
	kind("memfd", of(NEED(memfd_create("memfd", 0))), feed_self);
	fd = NEED(memfd_create("append", 0));
	NEED(fcntl(fd, F_SETFL, O_APPEND));
	kind("memfd to append to", of(fd), feed_self);
	kind("/dev/null", of(NEED(open("/dev/null", O_RDWR))), none);
	kind("/dev/zero", of(NEED(open("/dev/zero", O_RDWR))), none);
	kind("directory", of(NEED(open("/", O_RDONLY))), none);
	kind("O_PATH", of(NEED(open("/", O_PATH))), none);
	return rows_done();
}
