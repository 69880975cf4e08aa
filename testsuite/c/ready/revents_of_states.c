/*
 * What poll(2), select(2) and epoll_wait(2) say of each kind of object in each state: every
 * bit asked for, compared with what Linux said. poll(2), select(2), epoll_ctl(2), tcp(7),
 * unix(7), pipe(7).
 *
 * A row is the bits of poll, then r, w and x of select; "only" is what poll tells that was
 * not asked for; "epoll" is there where it says something else than poll.
 * Agrees: Linux 6.18, 7.2.
 */
#include "room.h"
#include "table.h"

#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

static const struct row linux_says[] = {
	{ "tcp fresh", "out hup wrnorm rw-, only hup" },
	{ "tcp refused", "in out err hup rdnorm wrnorm rdhup rw-, only err hup" },
	{ "tcp refused, error taken", "in out hup rdnorm wrnorm rdhup rw-, only hup" },
	{ "tcp bound", "out hup wrnorm rw-, only hup" },
	{ "tcp listening", "none ---, only none" },
	{ "tcp listening, one waits", "in rdnorm r--, only none" },
	{ "tcp connected, not accepted", "out wrnorm -w-, only none" },
	{ "tcp listening, one waits and is closed", "in rdnorm r--, only none" },
	{ "tcp listener shut", "out hup wrnorm rw-, only hup" },
	{ "tcp connected", "out wrnorm -w-, only none" },
	{ "tcp data", "in out rdnorm wrnorm rw-, only none" },
	{ "tcp data and end", "in out rdnorm wrnorm rdhup rw-, only none" },
	{ "tcp end", "in out rdnorm wrnorm rdhup rw-, only none" },
	{ "tcp own end sent", "out wrnorm -w-, only none" },
	{ "tcp both ends", "in out hup rdnorm wrnorm rdhup rw-, only hup" },
	{ "tcp both ends, first to go", "in out hup rdnorm wrnorm rdhup rw-, only hup" },
	{ "tcp reading shut", "in out rdnorm wrnorm rdhup rw-, only none" },
	{ "tcp peer's reading shut", "out wrnorm -w-, only none" },
	{ "tcp reading shut, data", "in out rdnorm wrnorm rdhup rw-, only none" },
	{ "tcp both shut", "in out hup rdnorm wrnorm rdhup rw-, only hup" },
	{ "tcp urgent", "in pri out rdnorm wrnorm rwx, only none" },
	{ "tcp at the mark", "pri out wrnorm -wx, only none" },
	{ "tcp urgent byte taken", "out wrnorm -w-, only none" },
	{ "tcp data after the mark", "in out rdnorm wrnorm rw-, only none" },
	{ "tcp urgent inline", "in pri out rdnorm wrnorm rwx, only none" },
	{ "tcp urgent inline, read", "out wrnorm -w-, only none" },
	{ "tcp reset", "in out err hup rdnorm wrnorm rdhup rw-, only err hup" },
	{ "tcp reset, error taken", "in out err hup rdnorm wrnorm rdhup rw-, only err hup" },
	{ "tcp closed by peer", "in out rdnorm wrnorm rdhup rw-, only none" },
	{ "tcp sent to a closed peer", "in out err hup rdnorm wrnorm rdhup rw-, only err hup" },
	{ "tcp sent to a closed peer, error taken", "in out hup rdnorm wrnorm rdhup rw-, only hup" },
	{ "tcp full", "none ---, only none" },
	{ "tcp full, shut", "out wrnorm -w-, only none" },
	{ "tcp less than low water", "out wrnorm -w-, only none" },
	{ "tcp low water", "in out rdnorm wrnorm rw-, only none" },
	{ "tcp dissolved", "out err hup wrnorm rw-, only err hup" },
	{ "tcp dissolved by peer", "in out err hup rdnorm wrnorm rdhup rw-, only err hup" },
	{ "udp fresh", "out wrnorm wrband -w-, only none" },
	{ "udp connected", "out wrnorm wrband -w-, only none" },
	{ "udp refused", "out err wrnorm wrband rw-, only err" },
	{ "udp refused, error taken", "out wrnorm wrband -w-, only none" },
	{ "udp error queue", "out err wrnorm wrband rw-, only err" },
	{ "udp error queue, error taken", "out err wrnorm wrband rw-, only err" },
	{ "udp error queue to select", "pri out err wrnorm wrband rwx, only err" },
	{ "udp error queue, reading shut", "in pri out err rdnorm wrnorm wrband rdhup rwx, only err" },
	{ "udp bound", "out wrnorm wrband -w-, only none" },
	{ "udp empty datagram", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "udp data", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "udp data, writing shut", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "udp both shut", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "udp reading shut", "in out rdnorm wrnorm wrband rdhup rw-, only none" },
	{ "raw fresh", "out wrnorm wrband -w-, only none" },
	{ "raw data", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "raw shut", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix stream fresh", "out hup wrnorm wrband rw-, only hup" },
	{ "unix stream bound", "out hup wrnorm wrband rw-, only hup" },
	{ "unix stream listening", "none ---, only none" },
	{ "unix stream listening, one waits", "in rdnorm r--, only none" },
	{ "unix stream connected, not accepted", "out wrnorm wrband -w-, only none" },
	{ "unix stream listener shut", "in rdnorm rdhup r--, only none" },
	{ "unix stream listener closed", "in out err hup rdnorm wrnorm wrband rdhup rw-, only err hup" },
	{ "unix seqpacket fresh", "out hup wrnorm wrband rw-, only hup" },
	{ "unix seqpacket bound", "out hup wrnorm wrband rw-, only hup" },
	{ "unix seqpacket listening", "none ---, only none" },
	{ "unix seqpacket listening, one waits", "in rdnorm r--, only none" },
	{ "unix seqpacket connected, not accepted", "out wrnorm wrband -w-, only none" },
	{ "unix seqpacket listener shut", "in rdnorm rdhup r--, only none" },
	{ "unix seqpacket listener closed", "in out err hup rdnorm wrnorm wrband rdhup rw-, only err hup" },
	{ "unix stream pair", "out wrnorm wrband -w-, only none" },
	{ "unix stream data", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "unix stream data and end", "in out rdnorm wrnorm wrband rdhup rw-, only none" },
	{ "unix stream end", "in out rdnorm wrnorm wrband rdhup rw-, only none" },
	{ "unix stream own end", "out wrnorm wrband -w-, only none" },
	{ "unix stream both ends", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix stream reading shut", "in out rdnorm wrnorm wrband rdhup rw-, only none" },
	{ "unix stream peer's reading shut", "out wrnorm wrband -w-, only none" },
	{ "unix stream both shut", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix stream both shut by peer", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix stream data and closed", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix stream closed", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix stream closed with unread data", "in out err hup rdnorm wrnorm wrband rdhup rw-, only err hup" },
	{ "unix stream closed with unread data, error taken", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix stream full", "none ---, only none" },
	{ "unix seqpacket pair", "out wrnorm wrband -w-, only none" },
	{ "unix seqpacket data", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "unix seqpacket data and end", "in out rdnorm wrnorm wrband rdhup rw-, only none" },
	{ "unix seqpacket end", "in out rdnorm wrnorm wrband rdhup rw-, only none" },
	{ "unix seqpacket own end", "out wrnorm wrband -w-, only none" },
	{ "unix seqpacket both ends", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix seqpacket reading shut", "in out rdnorm wrnorm wrband rdhup rw-, only none" },
	{ "unix seqpacket peer's reading shut", "out wrnorm wrband -w-, only none" },
	{ "unix seqpacket both shut", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix seqpacket both shut by peer", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix seqpacket data and closed", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix seqpacket closed", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix seqpacket closed with unread data", "in out err hup rdnorm wrnorm wrband rdhup rw-, only err hup" },
	{ "unix seqpacket closed with unread data, error taken", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix seqpacket full", "none ---, only none" },
	{ "unix dgram fresh", "out wrnorm wrband -w-, only none" },
	{ "unix dgram pair", "out wrnorm wrband -w-, only none" },
	{ "unix dgram data", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "unix dgram data, writing shut", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "unix dgram both shut", "in out hup rdnorm wrnorm wrband rdhup rw-, only hup" },
	{ "unix dgram both shut by peer", "out wrnorm wrband -w-, only none" },
	{ "unix dgram closed by peer", "out wrnorm wrband -w-, only none" },
	{ "unix dgram closed by peer, sent", "out wrnorm wrband -w-, only none" },
	{ "unix dgram peer's queue full", "none ---, only none" },
	{ "unix dgram reading shut", "in out rdnorm wrnorm wrband rdhup rw-, only none" },
	{ "unix dgram peer's reading shut", "out wrnorm wrband -w-, only none" },
	{ "unix stream urgent", "in pri out rdnorm wrnorm wrband rwx, only none" },
	{ "unix stream urgent taken", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "unix stream urgent read", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "pipe empty, reader", "none ---, only none" },
	{ "pipe empty, writer", "out wrnorm -w-, only none" },
	{ "pipe data, reader", "in rdnorm r--, only none" },
	{ "pipe data, writer", "out wrnorm -w-, only none" },
	{ "pipe full, writer", "none ---, only none" },
	{ "pipe data, no writer", "in hup rdnorm r--, only hup" },
	{ "pipe empty, no writer", "hup r--, only hup" },
	{ "pipe empty, no reader", "out err wrnorm rw-, only err" },
	{ "pipe full, no reader", "err rw-, only err" },
	{ "fifo never written", "none ---, only none" },
	{ "fifo opened by a writer", "none ---, only none" },
	{ "fifo left by its writer", "hup r--, only hup" },
	{ "fifo both ways", "out wrnorm -w-, only none" },
	{ "fifo both ways, data", "in out rdnorm wrnorm rw-, only none" },
	{ "eventfd 0", "out -w-, only none" },
	{ "eventfd 1", "in out rw-, only none" },
	{ "eventfd greatest", "in r--, only none" },
	{ "timerfd not set", "none ---, only none" },
	{ "timerfd over", "in r--, only none" },
	{ "timerfd set again", "none ---, only none" },
	{ "timerfd read", "none ---, only none" },
	{ "signalfd none", "none ---, only none" },
	{ "signalfd one", "in r--, only none" },
	{ "signalfd read", "none ---, only none" },
	{ "epoll empty", "none ---, only none" },
	{ "epoll nothing ready", "none ---, only none" },
	{ "epoll ready", "in rdnorm r--, only none" },
	{ "epoll not interested", "none ---, only none" },
	{ "netlink fresh", "out wrnorm wrband -w-, only none" },
	{ "netlink answer", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "packet fresh", "out wrnorm wrband -w-, only none" },
	{ "packet bound", "out wrnorm wrband -w-, only none" },
	{ "packet data", "in out rdnorm wrnorm wrband rw-, only none" },
	{ "inotify empty", "none ---, only none" },
	{ "inotify event", "in rdnorm r--, only none" },
	{ "pidfd running", "none ---, only none" },
	{ "pidfd over", "in rdnorm r--, only none" },
	{ "pidfd reaped", "in hup rdnorm r--, only hup" },
	{ "/dev/null", "in out rdnorm wrnorm rw-, only none, epoll EPERM" },
	{ "proc file", "in out rdnorm wrnorm rw-, only none, epoll EPERM" },
	{ "directory", "in out rdnorm wrnorm rw-, only none, epoll EPERM" },
	{ "regular file", "in out rdnorm wrnorm rw-, only none, epoll EPERM" },
	{ "O_PATH", "nval rwx, only nval, epoll EBADF" },
	{ "closed", "nval EBADF, only nval, epoll EINVAL" },
	{ "pty master alone", "out wrnorm -w-, only none" },
	{ "pty master", "out wrnorm -w-, only none" },
	{ "pty slave", "out wrnorm -w-, only none" },
	{ "pty slave, line", "in out rdnorm wrnorm rw-, only none" },
	{ "pty master, echo", "in out rdnorm wrnorm rw-, only none" },
	{ "pty master, slave closed", "out hup wrnorm rw-, only hup" },
	{ "pty slave, master closed", "in out err hup rdnorm wrnorm rw-, only err hup" },
};

#define ALL (POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND | POLLMSG | POLLRDHUP)

/* Bits of poll(2) as words. */
static const char *words(int bits)
{
	static const struct { int bit; const char *name; } names[] = {
		{ POLLIN, "in" }, { POLLPRI, "pri" }, { POLLOUT, "out" }, { POLLERR, "err" }, { POLLHUP, "hup" },
		{ POLLNVAL, "nval" }, { POLLRDNORM, "rdnorm" }, { POLLRDBAND, "rdband" }, { POLLWRNORM, "wrnorm" },
		{ POLLWRBAND, "wrband" }, { POLLMSG, "msg" }, { POLLRDHUP, "rdhup" },
	};
	static char text[3][120];
	static int turn;
	char *at = text[turn = (turn + 1) % 3], *start = at;

	*at = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (bits & names[i].bit)
			at += sprintf(at, "%s%s", at == start ? "" : " ", names[i].name);
	return *start ? start : "none";
}

static int poll_bits(int fd, int events)
{
	struct pollfd p = { .fd = fd, .events = events };

	NEED(poll(&p, 1, 0));
	return (unsigned short)p.revents;
}

static const char *epoll_bits(int fd, int polled)
{
	static char text[128];
	struct epoll_event event = { .events = ALL }, got = { .events = 0 };
	int epoll = NEED(epoll_create1(0));

	*text = 0;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		snprintf(text, sizeof text, ", epoll %s", check_errno(errno));
	else {
		NEED(epoll_wait(epoll, &got, 1, 0));
		if ((int)got.events != polled)
			snprintf(text, sizeof text, ", epoll %s", words(got.events));
	}
	close(epoll);
	return text;
}

static const char *select_bits(int fd)
{
	static char text[8];
	struct timeval now = { 0, 0 };
	fd_set sets[3];

	for (int i = 0; i < 3; i++) {
		FD_ZERO(&sets[i]);
		FD_SET(fd, &sets[i]);
	}
	if (select(fd + 1, &sets[0], &sets[1], &sets[2], &now) == -1)
		return check_errno(errno);
	for (int i = 0; i < 3; i++)
		text[i] = FD_ISSET(fd, &sets[i]) ? "rwx"[i] : '-';
	return text;
}

static void state(const char *name, int fd)
{
	int bits, only;

	sleep_ms(15);
	bits = poll_bits(fd, ALL);
	only = poll_bits(fd, 0);
	ROW(name, "%s %s, only %s%s", words(bits), select_bits(fd), words(only), epoll_bits(fd, bits));
}

static char block[65536];

static void tcp(void)
{
	struct address address, gone = nobody(AF_INET, SOCK_STREAM);
	struct linger now = { 1, 0 };
	struct pair pair;
	int fd = NEED(socket(AF_INET, SOCK_STREAM, 0)), other;

	state("tcp fresh", fd);
	set_nonblocking(fd);
	connect(fd, &gone.any, gone.length);
	state("tcp refused", fd);
	get_int(fd, SOL_SOCKET, SO_ERROR);
	state("tcp refused, error taken", fd);
	close(fd);

	fd = bound(AF_INET, SOCK_STREAM, &address);
	state("tcp bound", fd);
	NEED(listen(fd, 1));
	state("tcp listening", fd);
	other = NEED(socket(AF_INET, SOCK_STREAM, 0));
	NEED(connect(other, &address.any, address.length));
	state("tcp listening, one waits", fd);
	state("tcp connected, not accepted", other);
	close(other);
	state("tcp listening, one waits and is closed", fd);
	NEED(shutdown(fd, SHUT_RD));
	state("tcp listener shut", fd);
	close(fd);

	pair = tcp_pair(AF_INET);
	state("tcp connected", pair.server);
	NEED(send(pair.client, "abc", 3, 0));
	state("tcp data", pair.server);
	NEED(shutdown(pair.client, SHUT_WR));
	state("tcp data and end", pair.server);
	NEED(recv(pair.server, block, 3, 0));
	state("tcp end", pair.server);
	state("tcp own end sent", pair.client);
	NEED(shutdown(pair.server, SHUT_WR));
	state("tcp both ends", pair.server);
	state("tcp both ends, first to go", pair.client);
	close_pair(pair);

	pair = tcp_pair(AF_INET);
	NEED(shutdown(pair.server, SHUT_RD));
	state("tcp reading shut", pair.server);
	state("tcp peer's reading shut", pair.client);
	NEED(send(pair.client, "abc", 3, 0));
	state("tcp reading shut, data", pair.server);
	NEED(shutdown(pair.server, SHUT_WR));
	state("tcp both shut", pair.server);
	close_pair(pair);

	pair = tcp_pair(AF_INET);
	NEED(send(pair.client, "ab", 2, MSG_OOB));
	state("tcp urgent", pair.server);
	NEED(recv(pair.server, block, 1, 0));
	state("tcp at the mark", pair.server);
	NEED(recv(pair.server, block, 1, MSG_OOB));
	state("tcp urgent byte taken", pair.server);
	NEED(send(pair.client, "c", 1, 0));
	state("tcp data after the mark", pair.server);
	close_pair(pair);

	pair = tcp_pair(AF_INET);
	set_int(pair.client, SOL_SOCKET, SO_OOBINLINE, 1);
	NEED(send(pair.server, "a", 1, MSG_OOB));
	state("tcp urgent inline", pair.client);
	NEED(recv(pair.client, block, 1, 0));
	state("tcp urgent inline, read", pair.client);
	close_pair(pair);

	pair = tcp_pair(AF_INET);
	NEED(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &now, sizeof now));
	NEED(send(pair.client, "abc", 3, 0));
	close(pair.client);
	state("tcp reset", pair.server);
	recv(pair.server, block, 3, 0);
	state("tcp reset, error taken", pair.server);
	close(pair.server);

	pair = tcp_pair(AF_INET);
	close(pair.client);
	state("tcp closed by peer", pair.server);
	NEED(send(pair.server, "x", 1, 0));
	state("tcp sent to a closed peer", pair.server);
	get_int(pair.server, SOL_SOCKET, SO_ERROR);
	state("tcp sent to a closed peer, error taken", pair.server);
	close(pair.server);

	pair = tcp_pair(AF_INET);
	fill(pair.client);
	state("tcp full", pair.client);
	NEED(shutdown(pair.client, SHUT_WR));
	state("tcp full, shut", pair.client);
	close_pair(pair);

	pair = tcp_pair(AF_INET);
	set_int(pair.server, SOL_SOCKET, SO_RCVLOWAT, 5);
	NEED(send(pair.client, "abcd", 4, 0));
	state("tcp less than low water", pair.server);
	NEED(send(pair.client, "e", 1, 0));
	state("tcp low water", pair.server);
	close_pair(pair);

	pair = tcp_pair(AF_INET);
	fd = pair.client;
	NEED(connect(fd, &(struct sockaddr){ .sa_family = AF_UNSPEC }, sizeof(struct sockaddr)));
	state("tcp dissolved", fd);
	state("tcp dissolved by peer", pair.server);
	close_pair(pair);
}

static void udp(void)
{
	struct address address, gone = nobody(AF_INET, SOCK_DGRAM);
	struct pair pair;
	int fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));

	state("udp fresh", fd);
	NEED(connect(fd, &gone.any, gone.length));
	state("udp connected", fd);
	NEED(send(fd, "x", 1, 0));
	state("udp refused", fd);
	get_int(fd, SOL_SOCKET, SO_ERROR);
	state("udp refused, error taken", fd);
	set_int(fd, IPPROTO_IP, IP_RECVERR, 1);
	NEED(send(fd, "x", 1, 0));
	state("udp error queue", fd);
	get_int(fd, SOL_SOCKET, SO_ERROR);
	state("udp error queue, error taken", fd);
	set_int(fd, SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1);
	state("udp error queue to select", fd);
	NEED(shutdown(fd, SHUT_RD));
	state("udp error queue, reading shut", fd);
	close(fd);

	fd = bound(AF_INET, SOCK_DGRAM, &address);
	state("udp bound", fd);
	NEED(sendto(fd, "", 0, 0, &address.any, address.length));
	state("udp empty datagram", fd);
	FAILS(shutdown(fd, SHUT_RD), ENOTCONN);
	close(fd);

	pair = udp_pair(AF_INET);
	NEED(send(pair.client, "abc", 3, 0));
	state("udp data", pair.server);
	NEED(shutdown(pair.server, SHUT_WR));
	state("udp data, writing shut", pair.server);
	NEED(recv(pair.server, block, 3, 0));
	NEED(shutdown(pair.server, SHUT_RD));
	state("udp both shut", pair.server);
	NEED(shutdown(pair.client, SHUT_RD));
	state("udp reading shut", pair.client);
	close_pair(pair);
}

static void raw(void)
{
	struct address here = loopback(AF_INET, 0);
	int fd = NEED(socket(AF_INET, SOCK_RAW, 253));

	state("raw fresh", fd);
	NEED(sendto(fd, "x", 1, 0, &here.any, here.length));
	state("raw data", fd);
	FAILS(shutdown(fd, SHUT_RD), ENOTCONN);
	NEED(connect(fd, &here.any, here.length));
	NEED(shutdown(fd, SHUT_RDWR));
	state("raw shut", fd);
	close(fd);
}

static void make_pair(struct pair *pair, int type)
{
	int fds[2];

	NEED(socketpair(AF_UNIX, type, 0, fds));
	*pair = (struct pair){ fds[0], fds[1] };
}

/* What stream and seqpacket have in common. */
static void unix_connected(const char *kind, int type)
{
	struct pair pair;
	char name[64];
#define STATE(text, fd) (snprintf(name, sizeof name, "unix %s " text, kind), state(name, fd))

	make_pair(&pair, type);
	STATE("pair", pair.server);
	NEED(send(pair.client, "abc", 3, 0));
	STATE("data", pair.server);
	NEED(shutdown(pair.client, SHUT_WR));
	STATE("data and end", pair.server);
	NEED(recv(pair.server, block, 3, 0));
	STATE("end", pair.server);
	STATE("own end", pair.client);
	NEED(shutdown(pair.server, SHUT_WR));
	STATE("both ends", pair.server);
	close_pair(pair);

	make_pair(&pair, type);
	NEED(shutdown(pair.server, SHUT_RD));
	STATE("reading shut", pair.server);
	STATE("peer's reading shut", pair.client);
	NEED(shutdown(pair.server, SHUT_WR));
	STATE("both shut", pair.server);
	STATE("both shut by peer", pair.client);
	close_pair(pair);

	make_pair(&pair, type);
	NEED(send(pair.client, "abc", 3, 0));
	close(pair.client);
	STATE("data and closed", pair.server);
	NEED(recv(pair.server, block, 3, 0));
	STATE("closed", pair.server);
	close(pair.server);

	make_pair(&pair, type);
	NEED(send(pair.client, "abc", 3, 0));
	close(pair.server);
	STATE("closed with unread data", pair.client);
	get_int(pair.client, SOL_SOCKET, SO_ERROR);
	STATE("closed with unread data, error taken", pair.client);
	close(pair.client);

	make_pair(&pair, type);
	fill(pair.client);
	STATE("full", pair.client);
	close_pair(pair);
}

static void unix_listening(const char *kind, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof address;
	char name[64];
	int fd = NEED(socket(AF_UNIX, type, 0)), other;

	STATE("fresh", fd);
	NEED(bind(fd, (struct sockaddr *)&address, sizeof address.sun_family));
	STATE("bound", fd);
	NEED(listen(fd, 1));
	STATE("listening", fd);
	NEED(getsockname(fd, (struct sockaddr *)&address, &length));
	other = NEED(socket(AF_UNIX, type, 0));
	NEED(connect(other, (struct sockaddr *)&address, length));
	STATE("listening, one waits", fd);
	STATE("connected, not accepted", other);
	NEED(shutdown(fd, SHUT_RD));
	STATE("listener shut", fd);
	close(fd);
	STATE("listener closed", other);
	close(other);
}

static void unix_dgram(void)
{
	const char *kind = "dgram";
	struct pair pair;
	char name[64];
	int fd = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));

	STATE("fresh", fd);
	close(fd);
	make_pair(&pair, SOCK_DGRAM);
	STATE("pair", pair.server);
	NEED(send(pair.client, "abc", 3, 0));
	STATE("data", pair.server);
	NEED(shutdown(pair.server, SHUT_WR));
	STATE("data, writing shut", pair.server);
	NEED(recv(pair.server, block, 3, 0));
	NEED(shutdown(pair.server, SHUT_RD));
	STATE("both shut", pair.server);
	STATE("both shut by peer", pair.client);
	close_pair(pair);
	make_pair(&pair, SOCK_DGRAM);
	close(pair.client);
	STATE("closed by peer", pair.server);
	send(pair.server, "x", 1, 0);
	STATE("closed by peer, sent", pair.server);
	close(pair.server);
	make_pair(&pair, SOCK_DGRAM);
	set_nonblocking(pair.client);
	while (send(pair.client, "x", 1, 0) == 1)
		;
	STATE("peer's queue full", pair.client);
	close_pair(pair);
	make_pair(&pair, SOCK_DGRAM);
	NEED(shutdown(pair.server, SHUT_RD));
	STATE("reading shut", pair.server);
	STATE("peer's reading shut", pair.client);
	close_pair(pair);
}

static void unix_urgent(void)
{
	struct pair pair;

	make_pair(&pair, SOCK_STREAM);
	NEED(send(pair.client, "ab", 2, MSG_OOB));
	state("unix stream urgent", pair.server);
	NEED(recv(pair.server, block, 1, MSG_OOB));
	state("unix stream urgent taken", pair.server);
	NEED(recv(pair.server, block, 1, 0));
	state("unix stream urgent read", pair.server);
	close_pair(pair);
}

static void pipes(void)
{
	int fds[2];

	NEED(pipe(fds));
	state("pipe empty, reader", fds[0]);
	state("pipe empty, writer", fds[1]);
	NEED(write(fds[1], "x", 1));
	state("pipe data, reader", fds[0]);
	state("pipe data, writer", fds[1]);
	fill(fds[1]);
	state("pipe full, writer", fds[1]);
	close(fds[1]);
	state("pipe data, no writer", fds[0]);
	while (read(fds[0], block, sizeof block) > 0)
		;
	state("pipe empty, no writer", fds[0]);
	close(fds[0]);
	NEED(pipe(fds));
	close(fds[0]);
	state("pipe empty, no reader", fds[1]);
	close(fds[1]);
	NEED(pipe(fds));
	fill(fds[1]);
	close(fds[0]);
	state("pipe full, no reader", fds[1]);
	close(fds[1]);
}

static void fifos(void)
{
	char path[] = "/tmp/revents-XXXXXX";
	int reader, writer;

	NEED((long)mkdtemp(path) == 0 ? -1 : 0);
	NEED(chdir(path));
	NEED(mkfifo("fifo", 0600));
	reader = NEED(open("fifo", O_RDONLY | O_NONBLOCK));
	state("fifo never written", reader);
	writer = NEED(open("fifo", O_WRONLY));
	state("fifo opened by a writer", reader);
	close(writer);
	state("fifo left by its writer", reader);
	close(reader);
	reader = NEED(open("fifo", O_RDWR));
	state("fifo both ways", reader);
	NEED(write(reader, "x", 1));
	state("fifo both ways, data", reader);
	close(reader);
	NEED(unlink("fifo"));
	NEED(rmdir(path));
}

static void events(void)
{
	int fd = NEED(eventfd(0, EFD_NONBLOCK));
	unsigned long long value = 1;

	state("eventfd 0", fd);
	NEED(write(fd, &value, 8));
	state("eventfd 1", fd);
	value = 0xfffffffffffffffdull;
	NEED(write(fd, &value, 8));
	state("eventfd greatest", fd);
	close(fd);
}

static void timers(void)
{
	struct itimerspec soon = { .it_value = { 0, 1 } }, late = { .it_value = { 100, 0 } };
	unsigned long long value;
	int fd = NEED(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));

	state("timerfd not set", fd);
	NEED(timerfd_settime(fd, 0, &soon, NULL));
	state("timerfd over", fd);
	NEED(timerfd_settime(fd, 0, &late, NULL));
	state("timerfd set again", fd);
	NEED(timerfd_settime(fd, 0, &soon, NULL));
	sleep_ms(5);
	NEED(read(fd, &value, 8));
	state("timerfd read", fd);
	close(fd);
}

static void signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	NEED(sigprocmask(SIG_BLOCK, &set, NULL));
	fd = NEED(signalfd(-1, &set, SFD_NONBLOCK));
	state("signalfd none", fd);
	raise(SIGUSR1);
	state("signalfd one", fd);
	NEED(read(fd, block, sizeof(struct signalfd_siginfo)));
	state("signalfd read", fd);
	close(fd);
}

static void epolls(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = NEED(epoll_create1(0)), count = NEED(eventfd(0, 0));
	unsigned long long value = 1;

	state("epoll empty", fd);
	NEED(epoll_ctl(fd, EPOLL_CTL_ADD, count, &event));
	state("epoll nothing ready", fd);
	NEED(write(count, &value, 8));
	state("epoll ready", fd);
	event.events = 0;
	NEED(epoll_ctl(fd, EPOLL_CTL_MOD, count, &event));
	state("epoll not interested", fd);
	close(fd);
	close(count);
}

static void netlink(void)
{
	struct { struct nlmsghdr head; struct rtgenmsg body; } ask = {
		{ sizeof ask, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 }, { AF_UNSPEC },
	};
	int fd = NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));

	state("netlink fresh", fd);
	NEED(send(fd, &ask, sizeof ask, 0));
	state("netlink answer", fd);
	FAILS(shutdown(fd, SHUT_RDWR), EOPNOTSUPP);
	close(fd);
}

static void packet(void)
{
	struct sockaddr_ll lo = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = 1 };
	struct address here = loopback(AF_INET, 9);
	int fd = NEED(socket(AF_PACKET, SOCK_DGRAM, 0)), other = NEED(socket(AF_INET, SOCK_DGRAM, 0));

	state("packet fresh", fd);
	NEED(bind(fd, (struct sockaddr *)&lo, sizeof lo));
	state("packet bound", fd);
	NEED(sendto(other, "x", 1, 0, &here.any, here.length));
	state("packet data", fd);
	FAILS(shutdown(fd, SHUT_RDWR), EOPNOTSUPP);
	close(fd);
	close(other);
}

static void others(void)
{
	int fd = NEED(inotify_init1(IN_NONBLOCK));
	pid_t child;

	state("inotify empty", fd);
	NEED(inotify_add_watch(fd, "/tmp", IN_OPEN));
	close(NEED(open("/tmp", O_RDONLY)));
	state("inotify event", fd);
	close(fd);

	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		pause();
		_exit(0);
	}
	fd = NEED(syscall(SYS_pidfd_open, child, 0));
	state("pidfd running", fd);
	NEED(kill(child, SIGKILL));
	state("pidfd over", fd);
	NEED(waitpid(child, NULL, 0));
	state("pidfd reaped", fd);
	close(fd);

	fd = NEED(open("/dev/null", O_RDWR));
	state("/dev/null", fd);
	close(fd);
	fd = NEED(open("/proc/self/maps", O_RDONLY));
	state("proc file", fd);
	close(fd);
	fd = NEED(open("/tmp", O_RDONLY));
	state("directory", fd);
	close(fd);
	fd = NEED(open("/tmp", O_RDWR | O_TMPFILE, 0600));
	state("regular file", fd);
	close(fd);
	fd = NEED(open("/tmp", O_PATH));
	state("O_PATH", fd);
	close(fd);
	state("closed", fd);
}

static void terminals(void)
{
	int master = NEED(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)), slave, zero = 0, number;
	char path[32];

	state("pty master alone", master);
	NEED(ioctl(master, TIOCSPTLCK, &zero));
	NEED(ioctl(master, TIOCGPTN, &number));
	snprintf(path, sizeof path, "/dev/pts/%d", number);
	slave = NEED(open(path, O_RDWR | O_NOCTTY | O_NONBLOCK));
	state("pty master", master);
	state("pty slave", slave);
	NEED(write(master, "x\n", 2));
	state("pty slave, line", slave);
	state("pty master, echo", master);
	close(slave);
	while (read(master, block, sizeof block) > 0)
		;
	state("pty master, slave closed", master);
	slave = NEED(open(path, O_RDWR | O_NOCTTY));
	close(master);
	state("pty slave, master closed", slave);
	close(slave);
}

int main(int argc, char **argv)
{
	ROWS(linux_says, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	tcp();
	udp();
	raw();
	unix_listening("stream", SOCK_STREAM);
	unix_listening("seqpacket", SOCK_SEQPACKET);
	unix_connected("stream", SOCK_STREAM);
	unix_connected("seqpacket", SOCK_SEQPACKET);
	unix_dgram();
	unix_urgent();
	pipes();
	fifos();
	events();
	timers();
	signals();
	epolls();
	netlink();
	packet();
	others();
	terminals();
	return rows_done();
}
