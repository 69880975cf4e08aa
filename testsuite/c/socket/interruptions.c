/*
 * What a signal does to each call that waits: with a handler, with a handler and SA_RESTART,
 * both again with SO_RCVTIMEO or SO_SNDTIMEO, and after SIGSTOP and SIGCONT without a handler,
 * without and with the timeout. signal(7), socket(7).
 *
 * A row is the answers in this order; "on" is a call that goes on waiting.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "table.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/netlink.h>
#include <net/ethernet.h>
#include <setjmp.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

static const struct row linux_says[] = {
	{ "tcp read", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp readv", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp preadv2", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp recv", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp recv all", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp peek", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp recvmsg", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp recvmmsg", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp recvmmsg, time", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp write", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp writev", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp pwritev2", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp send", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp sendmsg", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp sendmmsg", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp accept", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp accept4", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "tcp connect", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "udp recv", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "udp read", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "udp recvmmsg", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "udp recvmmsg, time", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "unix stream recv", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "unix stream recv all", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "unix stream send", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "unix dgram recv", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "unix dgram send", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "unix seqpacket recv", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "unix seqpacket send", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "unix accept", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "unix connect", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "netlink recv", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "raw recv", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "packet recv", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "sendfile to tcp", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "splice to tcp", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "splice from tcp", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "splice from unix", "EINTR on on, timed EINTR EINTR EINTR" },
	{ "splice from pipe", "EINTR on on" },
	{ "tee", "EINTR on on" },
	{ "vmsplice", "EINTR on on" },
	{ "pipe read", "EINTR on on" },
	{ "pipe write", "EINTR on on" },
	{ "eventfd read", "EINTR on on" },
	{ "eventfd write", "EINTR on on" },
	{ "timerfd read", "EINTR on on" },
	{ "signalfd read", "EINTR on on" },
	{ "inotify read", "EINTR on on" },
	{ "poll", "EINTR EINTR on" },
	{ "poll for ever", "EINTR EINTR on" },
	{ "ppoll", "EINTR EINTR on" },
	{ "ppoll mask", "EINTR EINTR on" },
	{ "select", "EINTR EINTR on" },
	{ "select for ever", "EINTR EINTR on" },
	{ "pselect", "EINTR EINTR on" },
	{ "epoll_wait", "EINTR EINTR EINTR" },
	{ "epoll_wait for ever", "EINTR EINTR EINTR" },
	{ "epoll_pwait2", "EINTR EINTR EINTR" },
	{ "nanosleep", "EINTR EINTR on" },
	{ "clock_nanosleep", "EINTR EINTR on" },
	{ "clock_nanosleep until", "EINTR EINTR on" },
	{ "pause", "EINTR EINTR on" },
	{ "sigsuspend", "EINTR EINTR on" },
	{ "sigtimedwait", "EINTR EINTR EINTR" },
	{ "wait4", "EINTR on on" },
	{ "waitid", "EINTR on on" },
	{ "futex", "EINTR on on" },
	{ "futex, time", "EINTR EINTR on" },
	{ "semop", "EINTR EINTR EINTR" },
};

/* Between signals (the first may come before the call waits), and until a call counts as going on. */
#define SIGNAL_MS 12
#define OVER_MS 60

static int fd, other, third, more[600], more_count;
static struct pair pair;
static char block[1 << 16];
static struct address address;
static int timeouts;
static pid_t child;
static sigjmp_buf away;
static volatile sig_atomic_t armed;

static int keep(int descriptor)
{
	return more[more_count++] = descriptor;
}

static void clean(void)
{
	while (more_count)
		close(more[--more_count]);
}

static void limit(int descriptor)
{
	if (!timeouts)
		return;
	set_timeout(descriptor, SO_RCVTIMEO, 10000);
	set_timeout(descriptor, SO_SNDTIMEO, 10000);
}

static void fill(int descriptor)
{
	int flags = NEED(fcntl(descriptor, F_GETFL));

	NEED(fcntl(descriptor, F_SETFL, flags | O_NONBLOCK));
	for (int calm = 0; calm < 2; calm++) {
		while (write(descriptor, block, sizeof block) > 0)
			calm = 0;
		sleep_ms(2);
	}
	while (write(descriptor, block, 1) > 0)
		;
	NEED(fcntl(descriptor, F_SETFL, flags));
}

static void tcp_empty(void)
{
	pair = tcp_pair(AF_INET);
	fd = keep(pair.server);
	keep(pair.client);
	limit(fd);
}

static void tcp_full(void)
{
	tcp_empty();
	set_int(pair.client, SOL_SOCKET, SO_RCVBUF, 4096);
	set_int(fd, SOL_SOCKET, SO_SNDBUF, 4096);
	fill(fd);
}

static void tcp_listener(void)
{
	fd = keep(tcp_listen(AF_INET, &address));
	limit(fd);
}

/* A listener that takes no more: connecting waits. */
static void tcp_crowded(void)
{
	other = keep(bound(AF_INET, SOCK_STREAM, &address));
	NEED(listen(other, 0));
	for (int i = 0; i < 3; i++) {
		third = keep(NEED(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)));
		connect(third, &address.any, address.length);
		sleep_ms(1);
	}
	fd = keep(NEED(socket(AF_INET, SOCK_STREAM, 0)));
	limit(fd);
}

static void udp_empty(void)
{
	fd = keep(bound(AF_INET, SOCK_DGRAM, &address));
	limit(fd);
}

static void unix_pair(int type)
{
	int fds[2];

	NEED(socketpair(AF_UNIX, type, 0, fds));
	fd = keep(fds[0]);
	other = keep(fds[1]);
	limit(fd);
}

static void stream_empty(void) { unix_pair(SOCK_STREAM); }
static void stream_full(void) { unix_pair(SOCK_STREAM); fill(fd); }
static void dgram_empty(void) { unix_pair(SOCK_DGRAM); }
static void dgram_full(void) { unix_pair(SOCK_DGRAM); fill(fd); }
static void seqpacket_empty(void) { unix_pair(SOCK_SEQPACKET); }
static void seqpacket_full(void) { unix_pair(SOCK_SEQPACKET); fill(fd); }

static void unix_listener(void)
{
	struct sockaddr_un *name = (struct sockaddr_un *)&address.storage;

	memset(&address, 0, sizeof address);
	name->sun_family = AF_UNIX;
	fd = other = keep(NEED(socket(AF_UNIX, SOCK_STREAM, 0)));
	NEED(bind(fd, &address.any, sizeof name->sun_family));
	NEED(listen(fd, 0));
	address = name_of(fd);
	limit(fd);
}

static void unix_crowded(void)
{
	unix_listener();
	third = keep(NEED(socket(AF_UNIX, SOCK_STREAM, 0)));
	NEED(connect(third, &address.any, address.length));
	fd = keep(NEED(socket(AF_UNIX, SOCK_STREAM, 0)));
	limit(fd);
}

static void netlink_empty(void) { fd = keep(NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE))); limit(fd); }
static void raw_empty(void) { fd = keep(NEED(socket(AF_INET, SOCK_RAW, 254))); limit(fd); }
static void packet_empty(void) { fd = keep(NEED(socket(AF_PACKET, SOCK_RAW, htons(0x88b5)))); limit(fd); }

static void pipe_empty(void)
{
	int fds[2];

	NEED(pipe(fds));
	fd = keep(fds[0]);
	other = keep(fds[1]);
}

static void pipe_full(void) { pipe_empty(); fill(other); }

static void two_pipes(void)
{
	pipe_empty();
	third = fd;
	pipe_empty();
}

/* Something to move, and a socket that has no room. */
static void pipe_to_full(void)
{
	tcp_full();
	int socket = fd;

	pipe_empty();
	NEED(write(other, "abc", 3));
	third = socket;
}

static void empty_to_pipe(void)
{
	tcp_empty();
	int socket = fd;

	pipe_empty();
	third = socket;
}

static void unix_to_pipe(void)
{
	stream_empty();
	int socket = fd;

	pipe_empty();
	third = socket;
}

static void file_to_full(void)
{
	tcp_full();
	other = keep(NEED(open("/proc/self/exe", O_RDONLY)));
}

static void count_zero(void) { fd = keep(NEED(eventfd(0, 0))); }

static void count_greatest(void)
{
	unsigned long long greatest = 0xfffffffffffffffeull;

	count_zero();
	NEED(write(fd, &greatest, 8));
}

static void timer(void)
{
	struct itimerspec late = { .it_value = { 100, 0 } };

	fd = keep(NEED(timerfd_create(CLOCK_MONOTONIC, 0)));
	NEED(timerfd_settime(fd, 0, &late, NULL));
}

static void signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	fd = keep(NEED(signalfd(-1, &set, 0)));
}

static void watches(void) { fd = keep(NEED(inotify_init1(0))); }
static void epoll(void) { fd = keep(NEED(epoll_create1(0))); }
static void nothing(void) {}

static void offspring(void)
{
	child = NEED(fork());
	if (child == 0) {
		pause();
		_exit(0);
	}
}

static void semaphore(void)
{
	fd = NEED(semget(IPC_PRIVATE, 1, 0600));
}

static struct timespec ten = { 10, 0 };
static struct timeval ten_tv;
static struct iovec vector = { block, sizeof block };
static struct mmsghdr message;

static struct mmsghdr *one(void)
{
	memset(&message, 0, sizeof message);
	message.msg_hdr.msg_iov = &vector;
	message.msg_hdr.msg_iovlen = 1;
	return &message;
}

static long do_read(void) { return read(fd, block, sizeof block); }
static long do_write(void) { return write(fd, block, sizeof block); }
static long do_add(void) { unsigned long long one = 1; return write(fd, &one, 8); }
static long do_write_other(void) { return write(other, block, sizeof block); }
static long do_readv(void) { return readv(fd, &vector, 1); }
static long do_writev(void) { return writev(fd, &vector, 1); }
static long do_preadv2(void) { return syscall(SYS_preadv2, fd, &vector, 1, -1L, -1L, 0); }
static long do_pwritev2(void) { return syscall(SYS_pwritev2, fd, &vector, 1, -1L, -1L, 0); }
static long do_recv(void) { return recv(fd, block, sizeof block, 0); }
static long do_recv_all(void) { return recv(fd, block, sizeof block, MSG_WAITALL); }
static long do_peek(void) { return recv(fd, block, 8, MSG_PEEK | MSG_WAITALL); }
static long do_recvmsg(void) { return recvmsg(fd, &one()->msg_hdr, 0); }
static long do_recvmmsg(void) { return recvmmsg(fd, one(), 1, 0, NULL); }
static long do_recvmmsg_time(void) { struct timespec span = ten; return recvmmsg(fd, one(), 1, 0, &span); }
static long do_send(void) { return send(fd, block, sizeof block, 0); }
static long do_send_one(void) { return send(fd, block, 1, 0); }
static long do_sendmsg(void) { return sendmsg(fd, &one()->msg_hdr, 0); }
static long do_sendmmsg(void) { return sendmmsg(fd, one(), 1, 0); }
static long do_accept(void) { return accept(fd, NULL, NULL); }
static long do_accept4(void) { return accept4(fd, NULL, NULL, SOCK_CLOEXEC); }
static long do_connect(void) { return connect(fd, &address.any, address.length); }
static long do_splice_in(void) { return splice(third, NULL, other, NULL, 100, 0); }
static long do_splice_out(void) { return splice(fd, NULL, third, NULL, 100, 0); }
static long do_splice_empty(void) { return splice(third, NULL, other, NULL, 100, 0); }
static long do_tee(void) { return tee(third, other, 100, 0); }
static long do_vmsplice(void) { return vmsplice(other, &vector, 1, 0); }
static long do_sendfile(void) { return sendfile(fd, other, &(off_t){ 0 }, 100); }
static long do_poll(void) { return poll(NULL, 0, 10000); }
static long do_poll_ever(void) { return poll(NULL, 0, -1); }
static long do_ppoll(void) { struct timespec span = ten; return syscall(SYS_ppoll, NULL, 0, &span, NULL, 8); }
static long do_ppoll_mask(void)
{
	struct timespec span = ten;
	sigset_t none;

	sigemptyset(&none);
	return syscall(SYS_ppoll, NULL, 0, &span, &none, 8);
}
static long do_select(void) { ten_tv = (struct timeval){ 10, 0 }; return select(0, NULL, NULL, NULL, &ten_tv); }
static long do_select_ever(void) { return select(0, NULL, NULL, NULL, NULL); }
static long do_pselect(void) { struct timespec span = ten; return syscall(SYS_pselect6, 0, NULL, NULL, NULL, &span, NULL); }
static long do_epoll(void) { struct epoll_event got; return epoll_wait(fd, &got, 1, 10000); }
static long do_epoll_ever(void) { struct epoll_event got; return epoll_wait(fd, &got, 1, -1); }
static long do_epoll2(void) { struct epoll_event got; return syscall(441, fd, &got, 1, &ten, NULL, 0); }
static long do_nanosleep(void) { return nanosleep(&ten, NULL); }
static long do_clock_sleep(void) { errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &ten, NULL); return errno ? -1 : 0; }
static long do_clock_until(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += 10;
	errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	return errno ? -1 : 0;
}
static long do_pause(void) { return pause(); }
static long do_suspend(void) { sigset_t none; sigemptyset(&none); return sigsuspend(&none); }
static long do_timedwait(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	return syscall(SYS_rt_sigtimedwait, &set, NULL, &ten, 8); /* musl tries again by itself */
}
static long do_wait(void) { return waitpid(child, NULL, 0); }
static long do_waitid(void) { return waitid(P_PID, child, NULL, WEXITED); }
static int word;
static long do_futex(void) { return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0); }
static long do_futex_time(void) { return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &ten, NULL, 0); }
static long do_semop(void)
{
	struct sembuf down = { 0, -1, 0 };
	long done = semop(fd, &down, 1);
	int error = errno;

	semctl(fd, 0, IPC_RMID);
	errno = error;
	return done;
}

static const struct call {
	const char *name;
	void (*prepare)(void);
	long (*run)(void);
	int timed;
} calls[] = {
	{ "tcp read", tcp_empty, do_read, 1 }, { "tcp readv", tcp_empty, do_readv, 1 },
	{ "tcp preadv2", tcp_empty, do_preadv2, 1 }, { "tcp recv", tcp_empty, do_recv, 1 },
	{ "tcp recv all", tcp_empty, do_recv_all, 1 }, { "tcp peek", tcp_empty, do_peek, 1 },
	{ "tcp recvmsg", tcp_empty, do_recvmsg, 1 }, { "tcp recvmmsg", tcp_empty, do_recvmmsg, 1 },
	{ "tcp recvmmsg, time", tcp_empty, do_recvmmsg_time, 1 },
	{ "tcp write", tcp_full, do_write, 1 }, { "tcp writev", tcp_full, do_writev, 1 },
	{ "tcp pwritev2", tcp_full, do_pwritev2, 1 }, { "tcp send", tcp_full, do_send, 1 },
	{ "tcp sendmsg", tcp_full, do_sendmsg, 1 }, { "tcp sendmmsg", tcp_full, do_sendmmsg, 1 },
	{ "tcp accept", tcp_listener, do_accept, 1 }, { "tcp accept4", tcp_listener, do_accept4, 1 },
	{ "tcp connect", tcp_crowded, do_connect, 1 },
	{ "udp recv", udp_empty, do_recv, 1 }, { "udp read", udp_empty, do_read, 1 },
	{ "udp recvmmsg", udp_empty, do_recvmmsg, 1 }, { "udp recvmmsg, time", udp_empty, do_recvmmsg_time, 1 },
	{ "unix stream recv", stream_empty, do_recv, 1 }, { "unix stream recv all", stream_empty, do_recv_all, 1 },
	{ "unix stream send", stream_full, do_send, 1 },
	{ "unix dgram recv", dgram_empty, do_recv, 1 }, { "unix dgram send", dgram_full, do_send_one, 1 },
	{ "unix seqpacket recv", seqpacket_empty, do_recv, 1 }, { "unix seqpacket send", seqpacket_full, do_send_one, 1 },
	{ "unix accept", unix_listener, do_accept, 1 }, { "unix connect", unix_crowded, do_connect, 1 },
	{ "netlink recv", netlink_empty, do_recv, 1 }, { "raw recv", raw_empty, do_recv, 1 },
	{ "packet recv", packet_empty, do_recv, 1 },
	{ "sendfile to tcp", file_to_full, do_sendfile, 1 }, { "splice to tcp", pipe_to_full, do_splice_out, 1 },
	{ "splice from tcp", empty_to_pipe, do_splice_in, 1 }, { "splice from unix", unix_to_pipe, do_splice_in, 1 },
	{ "splice from pipe", two_pipes, do_splice_empty, 0 }, { "tee", two_pipes, do_tee, 0 },
	{ "vmsplice", pipe_full, do_vmsplice, 0 },
	{ "pipe read", pipe_empty, do_read, 0 }, { "pipe write", pipe_full, do_write_other, 0 },
	{ "eventfd read", count_zero, do_read, 0 }, { "eventfd write", count_greatest, do_add, 0 },
	{ "timerfd read", timer, do_read, 0 }, { "signalfd read", signals, do_read, 0 },
	{ "inotify read", watches, do_read, 0 },
	{ "poll", nothing, do_poll, 0 }, { "poll for ever", nothing, do_poll_ever, 0 },
	{ "ppoll", nothing, do_ppoll, 0 }, { "ppoll mask", nothing, do_ppoll_mask, 0 },
	{ "select", nothing, do_select, 0 }, { "select for ever", nothing, do_select_ever, 0 },
	{ "pselect", nothing, do_pselect, 0 }, { "epoll_wait", epoll, do_epoll, 0 },
	{ "epoll_wait for ever", epoll, do_epoll_ever, 0 }, { "epoll_pwait2", epoll, do_epoll2, 0 },
	{ "nanosleep", nothing, do_nanosleep, 0 }, { "clock_nanosleep", nothing, do_clock_sleep, 0 },
	{ "clock_nanosleep until", nothing, do_clock_until, 0 },
	{ "pause", nothing, do_pause, 0 }, { "sigsuspend", nothing, do_suspend, 0 },
	{ "sigtimedwait", nothing, do_timedwait, 0 }, { "wait4", offspring, do_wait, 0 },
	{ "waitid", offspring, do_waitid, 0 }, { "futex", nothing, do_futex, 0 },
	{ "futex, time", nothing, do_futex_time, 0 }, { "semop", semaphore, do_semop, 0 },
};

static volatile sig_atomic_t seen;

static void on_signal(int number)
{
	(void)number;
	seen++;
}

static void on_over(int number)
{
	(void)number;
	if (armed) {
		armed = 0;
		siglongjmp(away, 1);
	}
}

static void set_handler(int number, void (*handler)(int), int flags)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = handler;
	action.sa_flags = flags;
	NEED(sigaction(number, &action, NULL));
}

static timer_t make_timer(int number)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = number };
	timer_t timer;

	NEED(timer_create(CLOCK_MONOTONIC, &event, &timer));
	return timer;
}

static void start(timer_t timer, int ms, int again)
{
	struct itimerspec span = { .it_value = { 0, ms * 1000000L }, .it_interval = { 0, again * 1000000L } };

	NEED(timer_settime(timer, 0, &span, NULL));
}

enum way { PLAIN, RESTART, STOP };

static const char *attempt(const struct call *call, enum way way, int with_timeout)
{
	static timer_t first, last;
	static int ready_made;
	static char text[32];
	static pid_t stopper;
	pid_t parent = getpid();
	long done;
	int error;

	if (!ready_made) {
		first = make_timer(SIGUSR1);
		last = make_timer(SIGUSR2);
		ready_made = 1;
	}
	timeouts = with_timeout;
	stopper = 0;
	seen = 0;
	child = 0;
	call->prepare();
	set_handler(SIGUSR1, on_signal, way == RESTART ? SA_RESTART : 0);
	set_handler(SIGUSR2, on_over, SA_RESTART);
	if (way == STOP) {
		fflush(stdout);
		stopper = NEED(fork());
		if (stopper == 0) {
			for (int i = 0; i < 3; i++) {
				sleep_ms(SIGNAL_MS);
				kill(parent, SIGSTOP);
				sleep_ms(3);
				kill(parent, SIGCONT);
			}
			_exit(0);
		}
	}
	if (sigsetjmp(away, 1)) {
		start(first, 0, 0);
		snprintf(text, sizeof text, "on");
		/* What the call would have removed. */
		if (call->prepare == semaphore)
			semctl(fd, 0, IPC_RMID);
	} else {
		armed = 1;
		if (way != STOP)
			start(first, SIGNAL_MS, SIGNAL_MS);
		start(last, OVER_MS, 0);
		errno = 0;
		done = call->run();
		error = errno;
		armed = 0;
		start(first, 0, 0);
		start(last, 0, 0);
		errno = error;
		snprintf(text, sizeof text, "%s", done > 0 ? "count" : answer(done));
	}
	if (stopper)
		left_well(stopper);
	if (child) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	clean();
	return text;
}

/* A machine that stands still for a moment makes a call look as if it went on: then once more. */
static const char *outcome(const struct call *call, enum way way, int with_timeout)
{
	const char *text = attempt(call, way, with_timeout);

	for (int i = 0; i < 5 && strcmp(text, "on") == 0 && (way == STOP ? i == 0 : seen < 2); i++)
		text = attempt(call, way, with_timeout);
	return text;
}

int main(int argc, char **argv)
{
	ROWS(linux_says, argc, argv);
	alarm(60);
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		char line[128], *at = line;

		for (int timed = 0; timed <= calls[i].timed; timed++) {
			at += sprintf(at, "%s%s", timed ? ", timed " : "", outcome(&calls[i], PLAIN, timed));
			at += sprintf(at, " %s", outcome(&calls[i], RESTART, timed));
			at += sprintf(at, " %s", outcome(&calls[i], STOP, timed));
		}
		ROW(calls[i].name, "%s", line);
	}
	return rows_done();
}
