/*
 * Which error comes first: the calls that wait, with each argument wrong by itself and in
 * pairs. epoll_ctl(2), epoll_pwait2(2), poll(2), select(2), eventfd(2), timerfd_create(2),
 * signalfd(2), ioctl(2) (EPIOCSPARAMS).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "table.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

static const struct row linux_says[] = {
	{ "epoll_ctl bad epoll, bad fd", "EBADF" },
	{ "epoll_ctl bad event, bad fd", "EFAULT" },
	{ "epoll_ctl no epoll, no file to watch", "EPERM" },
	{ "epoll_ctl no epoll", "EINVAL" },
	{ "epoll_ctl itself", "EINVAL" },
	{ "epoll_ctl itself, bad operation", "EINVAL" },
	{ "epoll_ctl bad operation", "EINVAL" },
	{ "epoll_ctl bad operation, bad event", "EFAULT" },
	{ "epoll_ctl bad operation, no file to watch", "EPERM" },
	{ "epoll_ctl O_PATH", "EBADF" },
	{ "epoll_ctl delete missing, bad event", "ENOENT" },
	{ "epoll_ctl change missing", "ENOENT" },
	{ "epoll_ctl exclusive change missing", "EINVAL" },
	{ "epoll_ctl exclusive epoll", "EINVAL" },
	{ "epoll_ctl exclusive RDHUP", "EINVAL" },
	{ "epoll_ctl exclusive PRI", "EINVAL" },
	{ "epoll_ctl exclusive, all that may be", "0" },
	{ "epoll_ctl exclusive twice", "EEXIST" },
	{ "epoll_ctl exclusive changed", "EINVAL" },
	{ "epoll_ctl exclusive deleted", "0" },
	{ "epoll_ctl every bit", "0" },
	{ "epoll_ctl every bit changed", "0" },
	{ "epoll_wait none", "EINVAL" },
	{ "epoll_wait none, bad epoll", "EBADF" },
	{ "epoll_wait too many", "EINVAL" },
	{ "epoll_wait bad memory, nothing ready", "0" },
	{ "epoll_wait memory of the kernel", "EFAULT" },
	{ "epoll_wait memory of the kernel, bad epoll", "EBADF" },
	{ "epoll_wait bad memory, ready", "EFAULT" },
	{ "epoll_wait no epoll", "EINVAL" },
	{ "epoll_wait bad mask size", "EINVAL" },
	{ "epoll_wait bad mask size, bad epoll", "EINVAL" },
	{ "epoll_wait bad mask size, bad mask", "EINVAL" },
	{ "epoll_wait no mask, bad size", "0" },
	{ "epoll_wait bad mask", "EFAULT" },
	{ "epoll_pwait2 bad time, bad epoll", "EINVAL" },
	{ "epoll_pwait2 bad time, bad mask", "EINVAL" },
	{ "epoll_pwait2 no time to read", "EFAULT" },
	{ "ppoll bad memory", "EFAULT" },
	{ "ppoll none, bad memory", "0" },
	{ "ppoll too many, bad memory", "EINVAL" },
	{ "ppoll too many, bad time", "EINVAL" },
	{ "ppoll bad time, bad mask size", "EINVAL" },
	{ "ppoll bad mask size", "EINVAL" },
	{ "ppoll no mask, bad size", "0" },
	{ "ppoll bad mask", "EFAULT" },
	{ "ppoll no time to read", "EFAULT" },
	{ "ppoll short", "0" },
	{ "ppoll short, left", "0 0" },
	{ "ppoll long", "1" },
	{ "ppoll long, left", "1" },
	{ "ppoll long, bad memory", "EFAULT" },
	{ "ppoll long, bad memory, left", "1" },
	{ "ppoll for ever", "1" },
	{ "ppoll for ever, left", "1" },
	{ "pselect negative", "EINVAL" },
	{ "pselect negative, bad time", "EINVAL" },
	{ "pselect bad sets", "EFAULT" },
	{ "pselect none, bad sets", "0" },
	{ "pselect bad time, bad mask", "EFAULT" },
	{ "pselect bad mask pointer", "EFAULT" },
	{ "pselect no mask, bad size", "0" },
	{ "pselect bad size", "EINVAL" },
	{ "pselect bad mask", "EFAULT" },
	{ "pselect closed", "EBADF" },
	{ "pselect closed, set", "1000000000000000" },
	{ "pselect O_PATH", "1" },
	{ "pselect beyond the table", "0" },
	{ "pselect beyond the table, set", "1" },
	{ "pselect count beyond all", "0" },
	{ "pselect closed, long", "EBADF" },
	{ "pselect closed, long, left", "1" },
	{ "eventfd2 bad flags", "EINVAL" },
	{ "timerfd_create bad clock", "EINVAL" },
	{ "timerfd_create bad clock and flags", "EINVAL" },
	{ "timerfd_create CPU clock", "EINVAL" },
	{ "timerfd_settime no time, bad fd", "EFAULT" },
	{ "timerfd_settime bad flags, bad fd", "EINVAL" },
	{ "timerfd_settime no timer", "EINVAL" },
	{ "timerfd_gettime no timer, no room", "EINVAL" },
	{ "timerfd_gettime bad fd, no room", "EBADF" },
	{ "signalfd4 bad size", "EINVAL" },
	{ "signalfd4 bad size, bad mask", "EINVAL" },
	{ "signalfd4 bad mask, bad flags", "EFAULT" },
	{ "signalfd4 bad flags, bad fd", "EINVAL" },
	{ "signalfd4 bad fd", "EBADF" },
	{ "signalfd4 no signalfd", "EINVAL" },
	{ "eventfd short read", "EINVAL" },
	{ "eventfd short write", "EINVAL" },
	{ "eventfd greatest write", "EINVAL" },
	{ "eventfd empty read", "EAGAIN" },
	{ "eventfd read, no room", "EAGAIN" },
	{ "epoll read", "EINVAL" },
	{ "epoll write", "EINVAL" },
	{ "epoll params", "0" },
	{ "epoll params, value", "0 0 0" },
	{ "epoll params, no room", "EFAULT" },
	{ "epoll params set", "0" },
	{ "epoll params again", "0" },
	{ "epoll params again, value", "20 8 1" },
	{ "epoll params, prefer 2", "EINVAL" },
	{ "epoll params, pad", "EINVAL" },
	{ "epoll params, too long", "EINVAL" },
	{ "epoll params, budget", "0" },
	{ "epoll other ioctl", "EINVAL" },
	{ "epoll params of a socket", "ENOTTY" },
};

struct params { unsigned busy_poll_usecs; unsigned short budget; unsigned char prefer, pad; };
#define GET_PARAMS _IOR(0x8a, 2, struct params)
#define SET_PARAMS _IOW(0x8a, 1, struct params)

#define CALL(name, ...) (errno = 0, check_row(__LINE__, name, "%s", answer(syscall(__VA_ARGS__))))

int main(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN }, one = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	struct timespec bad = { 0, -1 }, none = { 0, 0 }, span;
	struct pollfd entry = { .fd = -1 };
	struct params params = { 0, 0, 0, 0 };
	struct pair pair = udp_pair(AF_INET);
	struct rlimit limit;
	int epoll = NEED(epoll_create1(0)), other = NEED(epoll_create1(0)), file = NEED(open("/proc/self/exe", O_RDONLY));
	int path = NEED(open("/", O_PATH)), count = NEED(eventfd(0, EFD_NONBLOCK));
	struct { void *mask; size_t size; } mask = { NULL, 3 }, real = { &bad, 3 }, lost = { nowhere, 8 };
	unsigned long bits[16] = { 0 };
	sigset_t empty;
	char byte;

	ROWS(linux_says, argc, argv);
	sigemptyset(&empty);
	CALL("epoll_ctl bad epoll, bad fd", SYS_epoll_ctl, -1, EPOLL_CTL_ADD, -1, &event);
	CALL("epoll_ctl bad event, bad fd", SYS_epoll_ctl, -1, EPOLL_CTL_ADD, -1, nowhere);
	CALL("epoll_ctl no epoll, no file to watch", SYS_epoll_ctl, pair.client, EPOLL_CTL_ADD, file, &event);
	CALL("epoll_ctl no epoll", SYS_epoll_ctl, pair.client, EPOLL_CTL_ADD, pair.server, &event);
	CALL("epoll_ctl itself", SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, epoll, &event);
	CALL("epoll_ctl itself, bad operation", SYS_epoll_ctl, epoll, 9, epoll, &event);
	CALL("epoll_ctl bad operation", SYS_epoll_ctl, epoll, 9, pair.server, &event);
	CALL("epoll_ctl bad operation, bad event", SYS_epoll_ctl, epoll, 9, pair.server, nowhere);
	CALL("epoll_ctl bad operation, no file to watch", SYS_epoll_ctl, epoll, 9, file, &event);
	CALL("epoll_ctl O_PATH", SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, path, &event);
	CALL("epoll_ctl delete missing, bad event", SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, pair.server, nowhere);
	CALL("epoll_ctl change missing", SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, pair.server, &event);
	CALL("epoll_ctl exclusive change missing", SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, pair.server, &one);
	CALL("epoll_ctl exclusive epoll", SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, other, &one);
	one.events = EPOLLEXCLUSIVE | EPOLLRDHUP;
	CALL("epoll_ctl exclusive RDHUP", SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, pair.server, &one);
	one.events = EPOLLEXCLUSIVE | EPOLLPRI;
	CALL("epoll_ctl exclusive PRI", SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, pair.server, &one);
	one.events = EPOLLEXCLUSIVE | EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET;
	CALL("epoll_ctl exclusive, all that may be", SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, pair.server, &one);
	CALL("epoll_ctl exclusive twice", SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, pair.server, &one);
	CALL("epoll_ctl exclusive changed", SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, pair.server, &event);
	CALL("epoll_ctl exclusive deleted", SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, pair.server, NULL);
	event.events = ~0u & ~EPOLLEXCLUSIVE;
	CALL("epoll_ctl every bit", SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, count, &event);
	CALL("epoll_ctl every bit changed", SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, count, &event);
	event.events = EPOLLIN;

	CALL("epoll_wait none", SYS_epoll_pwait, epoll, &one, 0, 0, NULL, 0);
	CALL("epoll_wait none, bad epoll", SYS_epoll_pwait, -1, &one, 0, 0, NULL, 0);
	CALL("epoll_wait too many", SYS_epoll_pwait, epoll, &one, 0x7fffffff, 0, NULL, 0);
	CALL("epoll_wait bad memory, nothing ready", SYS_epoll_pwait, other, nowhere, 1, 0, NULL, 0);
	CALL("epoll_wait memory of the kernel", SYS_epoll_pwait, other, (void *)-4096, 1, 0, NULL, 0);
	CALL("epoll_wait memory of the kernel, bad epoll", SYS_epoll_pwait, -1, (void *)-4096, 1, 0, NULL, 0);
	CALL("epoll_wait bad memory, ready", SYS_epoll_pwait, epoll, nowhere, 1, 0, NULL, 0);
	CALL("epoll_wait no epoll", SYS_epoll_pwait, pair.client, &one, 1, 0, NULL, 0);
	CALL("epoll_wait bad mask size", SYS_epoll_pwait, other, &one, 1, 0, &empty, 3);
	CALL("epoll_wait bad mask size, bad epoll", SYS_epoll_pwait, -1, &one, 1, 0, &empty, 3);
	CALL("epoll_wait bad mask size, bad mask", SYS_epoll_pwait, -1, &one, 1, 0, nowhere, 3);
	CALL("epoll_wait no mask, bad size", SYS_epoll_pwait, other, &one, 1, 0, NULL, 3);
	CALL("epoll_wait bad mask", SYS_epoll_pwait, other, &one, 1, 0, nowhere, 8);
	CALL("epoll_pwait2 bad time, bad epoll", 441, -1, &one, 1, &bad, NULL, 0);
	CALL("epoll_pwait2 bad time, bad mask", 441, other, &one, 1, &bad, nowhere, 3);
	CALL("epoll_pwait2 no time to read", 441, -1, &one, 1, nowhere, nowhere, 3);

	NEED(getrlimit(RLIMIT_NOFILE, &limit));
	CALL("ppoll bad memory", SYS_ppoll, nowhere, 1, &none, NULL, 0);
	CALL("ppoll none, bad memory", SYS_ppoll, nowhere, 0, &none, NULL, 0);
	CALL("ppoll too many, bad memory", SYS_ppoll, nowhere, limit.rlim_cur + 1, &none, NULL, 0);
	CALL("ppoll too many, bad time", SYS_ppoll, &entry, limit.rlim_cur + 1, &bad, NULL, 0);
	CALL("ppoll bad time, bad mask size", SYS_ppoll, &entry, 1, &bad, &empty, 3);
	CALL("ppoll bad mask size", SYS_ppoll, &entry, 1, &none, &empty, 3);
	CALL("ppoll no mask, bad size", SYS_ppoll, &entry, 1, &none, NULL, 3);
	CALL("ppoll bad mask", SYS_ppoll, &entry, 1, &none, nowhere, 8);
	CALL("ppoll no time to read", SYS_ppoll, &entry, 1, nowhere, NULL, 0);
	span = (struct timespec){ 0, 1000 };
	CALL("ppoll short", SYS_ppoll, &entry, 1, &span, NULL, 0);
	ROW("ppoll short, left", "%ld %ld", (long)span.tv_sec, span.tv_nsec);
	span = (struct timespec){ 100, 0 };
	entry = (struct pollfd){ .fd = 999 };
	CALL("ppoll long", SYS_ppoll, &entry, 1, &span, NULL, 0);
	ROW("ppoll long, left", "%d", span.tv_sec == 99 && span.tv_nsec > 0);
	span = (struct timespec){ 100, 0 };
	CALL("ppoll long, bad memory", SYS_ppoll, nowhere, 1, &span, NULL, 0);
	ROW("ppoll long, bad memory, left", "%d", span.tv_sec == 99 && span.tv_nsec > 0);
	span = (struct timespec){ 0x7fffffffffffffff, 999999999 };
	CALL("ppoll for ever", SYS_ppoll, &entry, 1, &span, NULL, 0);
	ROW("ppoll for ever, left", "%d", span.tv_sec > 1000000000);

	CALL("pselect negative", SYS_pselect6, -1, NULL, NULL, NULL, &none, NULL);
	CALL("pselect negative, bad time", SYS_pselect6, -1, NULL, NULL, NULL, &bad, NULL);
	CALL("pselect bad sets", SYS_pselect6, 8, nowhere, NULL, NULL, &none, NULL);
	CALL("pselect none, bad sets", SYS_pselect6, 0, nowhere, nowhere, nowhere, &none, NULL);
	CALL("pselect bad time, bad mask", SYS_pselect6, 0, NULL, NULL, NULL, &bad, nowhere);
	CALL("pselect bad mask pointer", SYS_pselect6, 0, NULL, NULL, NULL, &none, nowhere);
	CALL("pselect no mask, bad size", SYS_pselect6, 0, NULL, NULL, NULL, &none, &mask);
	CALL("pselect bad size", SYS_pselect6, 0, NULL, NULL, NULL, &none, &real);
	CALL("pselect bad mask", SYS_pselect6, 0, NULL, NULL, NULL, &none, &lost);
	bits[0] = 1ul << 60;
	CALL("pselect closed", SYS_pselect6, 64, bits, NULL, NULL, &none, NULL);
	ROW("pselect closed, set", "%lx", bits[0]);
	bits[0] = 1ul << path;
	CALL("pselect O_PATH", SYS_pselect6, 64, bits, NULL, NULL, &none, NULL);
	bits[0] = 0;
	bits[15] = 1;
	CALL("pselect beyond the table", SYS_pselect6, 1024, bits, NULL, NULL, &none, NULL);
	ROW("pselect beyond the table, set", "%lx", bits[15]);
	CALL("pselect count beyond all", SYS_pselect6, 0x7fffffff, NULL, NULL, NULL, &none, NULL);
	span = (struct timespec){ 100, 0 };
	bits[15] = 0;
	bits[0] = 1ul << 60;
	CALL("pselect closed, long", SYS_pselect6, 64, bits, NULL, NULL, &span, NULL);
	ROW("pselect closed, long, left", "%d", span.tv_sec == 99 && span.tv_nsec > 0);

	CALL("eventfd2 bad flags", SYS_eventfd2, 0, 2);
	CALL("timerfd_create bad clock", SYS_timerfd_create, 5, 0);
	CALL("timerfd_create bad clock and flags", SYS_timerfd_create, 99, 1);
	CALL("timerfd_create CPU clock", SYS_timerfd_create, CLOCK_PROCESS_CPUTIME_ID, 0);
	CALL("timerfd_settime no time, bad fd", SYS_timerfd_settime, -1, 0, nowhere, NULL);
	CALL("timerfd_settime bad flags, bad fd", SYS_timerfd_settime, -1, 9, bits, NULL);
	CALL("timerfd_settime no timer", SYS_timerfd_settime, count, 0, bits + 4, NULL);
	CALL("timerfd_gettime no timer, no room", SYS_timerfd_gettime, count, nowhere);
	CALL("timerfd_gettime bad fd, no room", SYS_timerfd_gettime, -1, nowhere);
	CALL("signalfd4 bad size", SYS_signalfd4, -1, &empty, 3, 0);
	CALL("signalfd4 bad size, bad mask", SYS_signalfd4, -1, nowhere, 3, 99);
	CALL("signalfd4 bad mask, bad flags", SYS_signalfd4, -1, nowhere, 8, 99);
	CALL("signalfd4 bad flags, bad fd", SYS_signalfd4, 999, &empty, 8, 99);
	CALL("signalfd4 bad fd", SYS_signalfd4, 999, &empty, 8, 0);
	CALL("signalfd4 no signalfd", SYS_signalfd4, count, &empty, 8, 0);
	CALL("eventfd short read", SYS_read, count, &byte, 1);
	CALL("eventfd short write", SYS_write, count, &byte, 1);
	memset(bits, 0xff, sizeof bits);
	CALL("eventfd greatest write", SYS_write, count, bits, 8);
	CALL("eventfd empty read", SYS_read, count, bits, 8);
	CALL("eventfd read, no room", SYS_read, count, nowhere, 8);

	CALL("epoll read", SYS_read, epoll, bits, 8);
	CALL("epoll write", SYS_write, epoll, bits, 8);
	CALL("epoll params", SYS_ioctl, epoll, GET_PARAMS, &params);
	ROW("epoll params, value", "%u %u %u", params.busy_poll_usecs, params.budget, params.prefer);
	CALL("epoll params, no room", SYS_ioctl, epoll, GET_PARAMS, nowhere);
	params = (struct params){ 20, 8, 1, 0 };
	CALL("epoll params set", SYS_ioctl, epoll, SET_PARAMS, &params);
	memset(&params, 0, sizeof params);
	CALL("epoll params again", SYS_ioctl, epoll, GET_PARAMS, &params);
	ROW("epoll params again, value", "%u %u %u", params.busy_poll_usecs, params.budget, params.prefer);
	params = (struct params){ 0, 0, 2, 0 };
	CALL("epoll params, prefer 2", SYS_ioctl, epoll, SET_PARAMS, &params);
	params = (struct params){ 0, 0, 0, 1 };
	CALL("epoll params, pad", SYS_ioctl, epoll, SET_PARAMS, &params);
	params = (struct params){ 0x80000000, 0, 0, 0 };
	CALL("epoll params, too long", SYS_ioctl, epoll, SET_PARAMS, &params);
	params = (struct params){ 0, 65, 0, 0 };
	CALL("epoll params, budget", SYS_ioctl, epoll, SET_PARAMS, &params);
	CALL("epoll other ioctl", SYS_ioctl, epoll, FIONREAD, &params);
	CALL("epoll params of a socket", SYS_ioctl, pair.client, GET_PARAMS, &params);
	return rows_done();
}
