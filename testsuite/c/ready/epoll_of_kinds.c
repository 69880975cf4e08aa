/*
 * Level, edge, once: what epoll_wait(2) answers, and how often, as things arrive at each
 * kind of object and are taken. epoll(7).
 *
 * A row is one object in one mode: after ADD, asked twice; after one arrival, twice; after
 * a second arrival, twice; after one was taken; after all was taken; after MOD with things
 * there again. Bits as in epoll.h, - for none.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "table.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static const struct row linux_says[] = {
	{ "tcp level", "4 4, 5 5, 5 5, 5, 4, 5 5" },
	{ "tcp edge", "4 -, 5 -, 5 -, -, -, 5 -" },
	{ "tcp once", "4 -, - -, - -, -, -, 5 -" },
	{ "tcp edge once", "4 -, - -, - -, -, -, 5 -" },
	{ "tcp6 level", "4 4, 5 5, 5 5, 5, 4, 5 5" },
	{ "tcp6 edge", "4 -, 5 -, 5 -, -, -, 5 -" },
	{ "tcp6 once", "4 -, - -, - -, -, -, 5 -" },
	{ "tcp6 edge once", "4 -, - -, - -, -, -, 5 -" },
	{ "listener level", "- -, 1 1, 1 1, 1, -, 1 1" },
	{ "listener edge", "- -, 1 -, 1 -, -, -, 1 -" },
	{ "listener once", "- -, 1 -, - -, -, -, 1 -" },
	{ "listener edge once", "- -, 1 -, - -, -, -, 1 -" },
	{ "udp level", "4 4, 5 5, 5 5, 5, 4, 5 5" },
	{ "udp edge", "4 -, 5 -, 5 -, -, -, 5 -" },
	{ "udp once", "4 -, - -, - -, -, -, 5 -" },
	{ "udp edge once", "4 -, - -, - -, -, -, 5 -" },
	{ "unix stream level", "4 4, 5 5, 5 5, 5, 4, 5 5" },
	{ "unix stream edge", "4 -, 5 -, 5 -, -, -, 5 -" },
	{ "unix stream once", "4 -, - -, - -, -, -, 5 -" },
	{ "unix stream edge once", "4 -, - -, - -, -, -, 5 -" },
	{ "unix seqpacket level", "4 4, 5 5, 5 5, 5, 4, 5 5" },
	{ "unix seqpacket edge", "4 -, 5 -, 5 -, -, -, 5 -" },
	{ "unix seqpacket once", "4 -, - -, - -, -, -, 5 -" },
	{ "unix seqpacket edge once", "4 -, - -, - -, -, -, 5 -" },
	{ "unix dgram level", "4 4, 5 5, 5 5, 5, 4, 5 5" },
	{ "unix dgram edge", "4 -, 5 -, 5 -, -, -, 5 -" },
	{ "unix dgram once", "4 -, - -, - -, -, -, 5 -" },
	{ "unix dgram edge once", "4 -, - -, - -, -, -, 5 -" },
	{ "pipe level", "- -, 1 1, 1 1, 1, -, 1 1" },
	{ "pipe edge", "- -, 1 -, 1 -, -, -, 1 -" },
	{ "pipe once", "- -, 1 -, - -, -, -, 1 -" },
	{ "pipe edge once", "- -, 1 -, - -, -, -, 1 -" },
	{ "eventfd level", "4 4, 5 5, 5 5, 4, 4, 5 5" },
	{ "eventfd edge", "4 -, 5 -, 5 -, 4, -, 5 -" },
	{ "eventfd once", "4 -, - -, - -, -, -, 5 -" },
	{ "eventfd edge once", "4 -, - -, - -, -, -, 5 -" },
	{ "eventfd semaphore level", "4 4, 5 5, 5 5, 5, 5, 5 5" },
	{ "eventfd semaphore edge", "5 -, 5 -, 5 -, 5, -, 5 -" },
	{ "eventfd semaphore once", "5 -, - -, - -, -, -, 5 -" },
	{ "eventfd semaphore edge once", "5 -, - -, - -, -, -, 5 -" },
	{ "timerfd level", "- -, 1 1, 1 1, -, -, 1 1" },
	{ "timerfd edge", "- -, 1 -, 1 -, -, -, 1 -" },
	{ "timerfd once", "- -, 1 -, - -, -, -, 1 -" },
	{ "timerfd edge once", "- -, 1 -, - -, -, -, 1 -" },
	{ "signalfd level", "- -, 1 1, 1 1, 1, -, 1 1" },
	{ "signalfd edge", "- -, 1 -, 1 -, -, -, 1 -" },
	{ "signalfd once", "- -, 1 -, - -, -, -, 1 -" },
	{ "signalfd edge once", "- -, 1 -, - -, -, -, 1 -" },
	{ "netlink level", "4 4, 5 5, 5 5, 5, 4, 5 5" },
	{ "netlink edge", "4 -, 5 -, 5 -, -, -, 5 -" },
	{ "netlink once", "4 -, - -, - -, -, -, 5 -" },
	{ "netlink edge once", "4 -, - -, - -, -, -, 5 -" },
	{ "raw level", "4 4, 5 5, 5 5, 5, 4, 5 5" },
	{ "raw edge", "4 -, 5 -, 5 -, -, -, 5 -" },
	{ "raw once", "4 -, - -, - -, -, -, 5 -" },
	{ "raw edge once", "4 -, - -, - -, -, -, 5 -" },
};

/* An object: something arrives at it, something is taken from it. */
struct kind {
	const char *name;
	int fd, other;
	void (*arrive)(struct kind *), (*take)(struct kind *);
};

static char byte[4096];

static void by_write(struct kind *kind)
{
	NEED(write(kind->other, byte, 8));
}

static void by_read(struct kind *kind)
{
	NEED(read(kind->fd, byte, 8));
}

static void by_count(struct kind *kind)
{
	unsigned long long one = 1;

	NEED(write(kind->fd, &one, 8));
}

static void by_timer(struct kind *kind)
{
	struct itimerspec soon = { .it_value = { 0, 1 } };

	NEED(timerfd_settime(kind->fd, 0, &soon, NULL));
}

static void by_signal(struct kind *kind)
{
	/* Two that can wait at once. */
	sigset_t pending;

	(void)kind;
	NEED(sigpending(&pending));
	NEED(raise(sigismember(&pending, SIGUSR1) ? SIGUSR2 : SIGUSR1));
}

static void take_signal(struct kind *kind)
{
	NEED(read(kind->fd, byte, sizeof(struct signalfd_siginfo)));
}

static void by_request(struct kind *kind)
{
	struct { struct nlmsghdr head; struct rtgenmsg body; } ask = {
		{ sizeof ask, RTM_GETLINK, NLM_F_REQUEST, 1, 0 }, { AF_UNSPEC },
	};

	/* Too short a body: one error comes back for each. */
	NEED(send(kind->fd, &ask, sizeof ask, 0));
}

static void by_datagram(struct kind *kind)
{
	struct address here = loopback(AF_INET, 9);

	NEED(sendto(kind->fd, byte, 1, 0, &here.any, here.length));
}

static void by_receive(struct kind *kind)
{
	NEED(recv(kind->fd, byte, sizeof byte, MSG_DONTWAIT));
}

static void by_connect(struct kind *kind)
{
	struct address address = name_of(kind->fd);
	int fd = NEED(socket(AF_INET, SOCK_STREAM, 0));

	NEED(connect(fd, &address.any, address.length));
	/* Stays open until the program ends. */
}

static void by_accept(struct kind *kind)
{
	close(NEED(accept(kind->fd, NULL, NULL)));
}

static char *look(char *at, int epoll, int times)
{
	for (int i = 0; i < times; i++) {
		struct epoll_event got[2];
		int count;

		sleep_ms(4);
		count = NEED(epoll_wait(epoll, got, 2, 0));
		at += count ? sprintf(at, " %x", got[0].events) : sprintf(at, " -");
	}
	return at + sprintf(at, ",");
}

static void run(struct kind kind, const char *mode, unsigned events)
{
	struct epoll_event event = { .events = events | EPOLLIN | EPOLLPRI | EPOLLRDHUP };
	int epoll = NEED(epoll_create1(0));
	char name[64], text[256], *at = text;

	if (strcmp(kind.name, "timerfd") != 0)
		event.events |= EPOLLOUT;
	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, kind.fd, &event));
	at = look(at, epoll, 2);
	kind.arrive(&kind);
	at = look(at, epoll, 2);
	kind.arrive(&kind);
	at = look(at, epoll, 2);
	kind.take(&kind);
	at = look(at, epoll, 1);
	if (kind.take != by_read || (kind.arrive != by_count && kind.arrive != by_timer))
		kind.take(&kind);
	at = look(at, epoll, 1);
	kind.arrive(&kind);
	sleep_ms(4);
	NEED(epoll_ctl(epoll, EPOLL_CTL_MOD, kind.fd, &event));
	at = look(at, epoll, 2);
	kind.take(&kind);
	close(epoll);
	snprintf(name, sizeof name, "%s %s", kind.name, mode);
	at[-1] = 0;
	ROW(name, "%s", text + 1);
}

static void modes(const char *name, int fd, int other, void (*arrive)(struct kind *), void (*take)(struct kind *))
{
	struct kind kind = { name, fd, other, arrive, take };

	run(kind, "level", 0);
	run(kind, "edge", EPOLLET);
	run(kind, "once", EPOLLONESHOT);
	run(kind, "edge once", EPOLLET | EPOLLONESHOT);
	close(fd);
	if (other != -1)
		close(other);
}

int main(int argc, char **argv)
{
	struct address address;
	struct pair pair;
	int fds[2], fd;
	sigset_t set;

	ROWS(linux_says, argc, argv);
	pair = tcp_pair(AF_INET);
	modes("tcp", pair.server, pair.client, by_write, by_read);
	pair = tcp_pair(AF_INET6);
	modes("tcp6", pair.server, pair.client, by_write, by_read);
	fd = tcp_listen(AF_INET, &address);
	modes("listener", fd, -1, by_connect, by_accept);
	pair = udp_pair(AF_INET);
	modes("udp", pair.server, pair.client, by_write, by_read);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	modes("unix stream", fds[0], fds[1], by_write, by_read);
	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
	modes("unix seqpacket", fds[0], fds[1], by_write, by_read);
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
	modes("unix dgram", fds[0], fds[1], by_write, by_read);
	NEED(pipe(fds));
	modes("pipe", fds[0], fds[1], by_write, by_read);
	modes("eventfd", NEED(eventfd(0, EFD_NONBLOCK)), -1, by_count, by_read);
	modes("eventfd semaphore", NEED(eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK)), -1, by_count, by_read);
	modes("timerfd", NEED(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)), -1, by_timer, by_read);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	NEED(sigprocmask(SIG_BLOCK, &set, NULL));
	modes("signalfd", NEED(signalfd(-1, &set, SFD_NONBLOCK)), -1, by_signal, take_signal);
	modes("netlink", NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)), -1, by_request, by_receive);
	/* It hears what it sends. */
	fd = NEED(socket(AF_INET, SOCK_RAW, 253));
	modes("raw", fd, -1, by_datagram, by_receive);
	return rows_done();
}
