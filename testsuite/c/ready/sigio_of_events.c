/*
 * Which signals O_ASYNC sends for what happens to each kind of object: si_code and si_band of
 * F_SETSIG's signal, and SIGURG, which needs no O_ASYNC. The descriptor is the one that
 * F_SETFL went through. fcntl(2), socket(7), tcp(7).
 *
 * A row is code/band in hexadecimal, each pair once, in the order of their coming; "urg" is
 * SIGURG; "fd" is there when si_fd was another.
 * Agrees: Linux 6.18, 7.2.
 */
#include "room.h"
#include "table.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>

static const struct row linux_says[] = {
	{ "tcp connect: client and listener", "2/304 fd 1/41 fd" },
	{ "tcp accept", "none" },
	{ "tcp refused", "4/8" },
	{ "tcp data", "1/41" },
	{ "tcp more data", "1/41" },
	{ "tcp own data", "none" },
	{ "tcp urgent", "urg 5/82 1/41" },
	{ "tcp read", "none" },
	{ "tcp end", "1/41" },
	{ "tcp own end after the other", "none" },
	{ "tcp own shutdown", "none" },
	{ "tcp reset", "4/8" },
	{ "tcp room again", "2/304" },
	{ "tcp urgent without O_ASYNC", "urg" },
	{ "tcp data without O_ASYNC", "none" },
	{ "udp data", "1/41" },
	{ "udp own data", "none" },
	{ "udp own shutdown", "none" },
	{ "udp refused", "4/8" },
	{ "udp error queue", "4/8" },
	{ "unix stream data", "1/41" },
	{ "unix stream own data", "none" },
	{ "unix stream own data taken", "none" },
	{ "unix stream urgent", "urg 5/82 1/41" },
	{ "unix stream room again", "2/304" },
	{ "unix stream end", "1/41" },
	{ "unix stream closed", "6/18" },
	{ "unix stream own shutdown", "none" },
	{ "unix seqpacket data", "1/41" },
	{ "unix seqpacket own data", "none" },
	{ "unix seqpacket own data taken", "none" },
	{ "unix seqpacket room again", "2/304" },
	{ "unix seqpacket end", "1/41" },
	{ "unix seqpacket closed", "6/18" },
	{ "unix seqpacket own shutdown", "none" },
	{ "unix dgram data", "1/41" },
	{ "unix dgram own data", "none" },
	{ "unix dgram own data taken", "none" },
	{ "unix dgram room again", "2/304" },
	{ "unix dgram end", "none" },
	{ "unix dgram closed", "none" },
	{ "unix dgram own shutdown", "none" },
	{ "unix stream somebody connects", "1/41" },
	{ "unix stream and leaves", "none" },
	{ "pipe data", "1/41" },
	{ "pipe more data", "1/41" },
	{ "pipe no writer", "1/41" },
	{ "pipe room again", "2/304" },
	{ "pipe one taken", "2/304" },
	{ "pipe no reader", "2/304" },
	{ "netlink answer", "1/41" },
	{ "eventfd", "none" },
	{ "timerfd", "none" },
	{ "inotify", "1/41" },
};

static int number;
static char block[65536];

/* Owner, signal and O_ASYNC of `fd`. */
static int owned(int fd)
{
	NEED(fcntl(fd, F_SETOWN, getpid()));
	NEED(fcntl(fd, F_SETSIG, number));
	NEED(fcntl(fd, F_SETFL, NEED(fcntl(fd, F_GETFL)) | O_ASYNC));
	return fd;
}

static char *take(char *at, int fd)
{
	struct timespec none = { 0, 0 };
	char *start = at;
	siginfo_t info;
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigaddset(&set, SIGURG);
	sigaddset(&set, SIGIO);
	*at = 0;
	while ((got = sigtimedwait(&set, &info, &none)) > 0) {
		char one[32];

		if (got == number)
			snprintf(one, sizeof one, " %d/%lx%s", info.si_code, (long)info.si_band, info.si_fd == fd ? "" : " fd");
		else
			snprintf(one, sizeof one, got == SIGURG ? " urg" : " io");
		if (!strstr(start, one))
			at += sprintf(at, "%s", one);
	}
	return at;
}

/* What the last event sent about `fd`. */
static void event(const char *name, int fd)
{
	char text[256];

	sleep_ms(8);
	take(text, fd);
	ROW(name, "%s", *text ? text + 1 : "none");
}

static void quiet(void)
{
	char text[256];

	sleep_ms(8);
	take(text, -1);
}

static void tcp(void)
{
	struct address address, gone = nobody(AF_INET, SOCK_STREAM);
	struct linger now = { 1, 0 };
	struct pair pair;
	int listener = owned(tcp_listen(AF_INET, &address)), fd, other;

	fd = NEED(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	quiet();
	owned(fd);
	connect(fd, &address.any, address.length);
	sleep_ms(8);
	{
		char text[256], *at = text;
		/* Two descriptors have something to tell. */
		take(at, -1);
		ROW("tcp connect: client and listener", "%s", text + 1);
	}
	other = NEED(accept(listener, NULL, NULL));
	event("tcp accept", listener);
	close(fd);
	quiet();
	close(other);
	close(listener);
	quiet();

	fd = owned(NEED(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)));
	quiet();
	connect(fd, &gone.any, gone.length);
	event("tcp refused", fd);
	close(fd);

	pair = tcp_pair(AF_INET);
	fd = owned(pair.server);
	quiet();
	NEED(send(pair.client, "abc", 3, 0));
	event("tcp data", fd);
	NEED(send(pair.client, "abc", 3, 0));
	event("tcp more data", fd);
	NEED(send(fd, "abc", 3, 0));
	event("tcp own data", fd);
	NEED(send(pair.client, "u", 1, MSG_OOB));
	event("tcp urgent", fd);
	NEED(recv(fd, block, 8, 0));
	event("tcp read", fd);
	NEED(shutdown(pair.client, SHUT_WR));
	event("tcp end", fd);
	NEED(shutdown(fd, SHUT_WR));
	event("tcp own end after the other", fd);
	close_pair(pair);
	quiet();

	pair = tcp_pair(AF_INET);
	fd = owned(pair.server);
	quiet();
	NEED(shutdown(fd, SHUT_RDWR));
	event("tcp own shutdown", fd);
	close_pair(pair);
	quiet();

	pair = tcp_pair(AF_INET);
	fd = owned(pair.server);
	NEED(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &now, sizeof now));
	quiet();
	close(pair.client);
	event("tcp reset", fd);
	close(fd);

	pair = tcp_pair(AF_INET);
	fd = owned(pair.server);
	fill(fd);
	quiet();
	empty(pair.client);
	event("tcp room again", fd);
	close_pair(pair);
	quiet();

	/* SIGURG needs an owner and nothing else. */
	pair = tcp_pair(AF_INET);
	NEED(fcntl(pair.server, F_SETOWN, getpid()));
	quiet();
	NEED(send(pair.client, "u", 1, MSG_OOB));
	event("tcp urgent without O_ASYNC", pair.server);
	NEED(send(pair.client, "abc", 3, 0));
	event("tcp data without O_ASYNC", pair.server);
	close_pair(pair);
}

static void udp(void)
{
	struct address gone = nobody(AF_INET, SOCK_DGRAM);
	struct pair pair = udp_pair(AF_INET);
	int fd = owned(pair.server);

	quiet();
	NEED(send(pair.client, "abc", 3, 0));
	event("udp data", fd);
	NEED(send(fd, "abc", 3, 0));
	event("udp own data", fd);
	NEED(shutdown(fd, SHUT_RDWR));
	event("udp own shutdown", fd);
	close_pair(pair);
	fd = owned(NEED(socket(AF_INET, SOCK_DGRAM, 0)));
	NEED(connect(fd, &gone.any, gone.length));
	quiet();
	NEED(send(fd, "x", 1, 0));
	event("udp refused", fd);
	set_int(fd, IPPROTO_IP, IP_RECVERR, 1);
	get_int(fd, SOL_SOCKET, SO_ERROR);
	quiet();
	NEED(send(fd, "x", 1, 0));
	event("udp error queue", fd);
	close(fd);
}

static void local(const char *kind, int type)
{
	char name[64];
	int fds[2], fd;
#define EVENT(text) (snprintf(name, sizeof name, "unix %s " text, kind), event(name, fd))

	NEED(socketpair(AF_UNIX, type, 0, fds));
	fd = owned(fds[0]);
	quiet();
	NEED(send(fds[1], "abc", 3, 0));
	EVENT("data");
	NEED(send(fd, "abc", 3, 0));
	EVENT("own data");
	NEED(recv(fds[1], block, 3, 0));
	EVENT("own data taken");
	if (type == SOCK_STREAM) {
		NEED(send(fds[1], "u", 1, MSG_OOB));
		EVENT("urgent");
	}
	empty(fd);
	fill(fd);
	quiet();
	empty(fds[1]);
	EVENT("room again");
	NEED(shutdown(fds[1], SHUT_WR));
	EVENT("end");
	close(fds[1]);
	EVENT("closed");
	close(fd);
	NEED(socketpair(AF_UNIX, type, 0, fds));
	fd = owned(fds[0]);
	quiet();
	NEED(shutdown(fd, SHUT_RDWR));
	EVENT("own shutdown");
	close(fd);
	close(fds[1]);
}

static void local_listener(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof address;
	int fd = NEED(socket(AF_UNIX, SOCK_STREAM, 0)), other = NEED(socket(AF_UNIX, SOCK_STREAM, 0));

	NEED(bind(fd, (struct sockaddr *)&address, sizeof address.sun_family));
	NEED(getsockname(fd, (struct sockaddr *)&address, &length));
	NEED(listen(fd, 1));
	owned(fd);
	quiet();
	NEED(connect(other, (struct sockaddr *)&address, length));
	event("unix stream somebody connects", fd);
	close(other);
	event("unix stream and leaves", fd);
	close(fd);
}

static void pipes(void)
{
	int fds[2];

	NEED(pipe(fds));
	owned(fds[0]);
	quiet();
	NEED(write(fds[1], "x", 1));
	event("pipe data", fds[0]);
	NEED(write(fds[1], "x", 1));
	event("pipe more data", fds[0]);
	close(fds[1]);
	event("pipe no writer", fds[0]);
	close(fds[0]);
	NEED(pipe(fds));
	owned(fds[1]);
	fill(fds[1]);
	quiet();
	empty(fds[0]);
	event("pipe room again", fds[1]);
	NEED(write(fds[1], "x", 1));
	NEED(read(fds[0], block, 1));
	event("pipe one taken", fds[1]);
	close(fds[0]);
	event("pipe no reader", fds[1]);
	close(fds[1]);
}

static void others(void)
{
	struct { struct nlmsghdr head; struct rtgenmsg body; } ask = {
		{ sizeof ask, RTM_GETLINK, NLM_F_REQUEST, 1, 0 }, { AF_UNSPEC },
	};
	struct itimerspec soon = { .it_value = { 0, 1 } };
	unsigned long long one = 1;
	int fd = owned(NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)));

	quiet();
	NEED(send(fd, &ask, sizeof ask, 0));
	event("netlink answer", fd);
	close(fd);
	fd = owned(NEED(eventfd(0, EFD_NONBLOCK)));
	quiet();
	NEED(write(fd, &one, 8));
	event("eventfd", fd);
	close(fd);
	fd = owned(NEED(timerfd_create(CLOCK_MONOTONIC, 0)));
	quiet();
	NEED(timerfd_settime(fd, 0, &soon, NULL));
	event("timerfd", fd);
	close(fd);
	fd = owned(NEED(inotify_init1(IN_NONBLOCK)));
	NEED(inotify_add_watch(fd, "/tmp", IN_OPEN));
	quiet();
	close(NEED(open("/tmp", O_RDONLY)));
	event("inotify", fd);
	close(fd);
}

int main(int argc, char **argv)
{
	sigset_t set;

	ROWS(linux_says, argc, argv);
	number = SIGRTMIN + 3;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigaddset(&set, SIGURG);
	sigaddset(&set, SIGIO);
	NEED(sigprocmask(SIG_BLOCK, &set, NULL));
	tcp();
	udp();
	local("stream", SOCK_STREAM);
	local("seqpacket", SOCK_SEQPACKET);
	local("dgram", SOCK_DGRAM);
	local_listener();
	pipes();
	others();
	return rows_done();
}
