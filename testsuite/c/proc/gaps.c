/*
 * What lies between and behind the fields of structures that system calls fill: cleared, or
 * left as the program had it, and never something else.
 *
 * A row: each gap in the order of the structure, then what follows the structure.
 * stat(2), statx(2), statfs(2), fcntl(2), epoll_wait(2), sigaltstack(2), sigaction(2), waitid(2),
 * signalfd(2), getdents(2), sysinfo(2), uname(2), shmctl(2), semctl(2), adjtimex(2).
 * Agrees: Linux 7.2.
 */
#include "gaps.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <ucontext.h>

static const struct row linux_says[] = {
	{ "fstat", "zero zero zero, kept" },
	{ "newfstatat /", "zero zero zero, kept" },
	{ "statx /", "zero zero zero zero zero zero, kept" },
	{ "statfs /", "zero, kept" },
	{ "newfstatat /proc/self/stat", "zero zero zero, kept" },
	{ "statx /proc/self/stat", "zero zero zero zero zero zero, kept" },
	{ "statfs /proc/self/stat", "zero, kept" },
	{ "newfstatat /dev/null", "zero zero zero, kept" },
	{ "statx /dev/null", "zero zero zero zero zero zero, kept" },
	{ "statfs /dev/null", "zero, kept" },
	{ "statx of nothing", "zero zero" },
	{ "F_GETLK", "kept kept" },
	{ "F_GETOWN_EX", "kept" },
	{ "epoll_wait", "kept, kept" },
	{ "signalfd", "zero zero, kept" },
	{ "sigaltstack", "zero, kept" },
	{ "sigtimedwait", "zero zero, kept" },
	{ "frame", "siginfo zero zero, context zero, zero or kept" },
	{ "sigprocmask", "kept" },
	{ "sigaction", "kept" },
	{ "waitid", "kept kept, rusage kept" },
	{ "wait4", "kept kept" },
	{ "waitid of none", "ECHILD, zero kept zero kept" },
	{ "waitid too early", "0, zero kept zero kept" },
	{ "getdents64", "72" },
	{ "getdents64 .", "kept" },
	{ "getdents64 ..", "kept" },
	{ "getdents64 ab", "kept" },
	{ "behind getdents64", "kept" },
	{ "inotify", "32 zero, kept" },
	{ "getcwd", "kept" },
	{ "readlink", "kept" },
	{ "pread", "6 kept" },
	{ "sysinfo", "zero zero, kept" },
	{ "uname", "zero zero zero, kept" },
	{ "getrusage", "kept" },
	{ "adjtimex", "kept kept kept kept, kept" },
	{ "times", "kept" },
	{ "sched_getattr", "zero" },
	{ "sched_rr_get_interval", "kept" },
	{ "capget", "kept" },
	{ "prlimit64", "kept" },
	{ "timerfd_gettime", "kept" },
	{ "shmctl", "zero zero, kept" },
	{ "shmctl IPC_INFO", "zero, kept" },
	{ "shmctl SHM_INFO", "zero, kept" },
	{ "semctl", "zero zero, kept" },
	{ "semctl GETALL", "kept" },
	{ "semctl IPC_INFO", "kept" },
	{ "TCGETS", "kept" },
	{ "TCGETS2", "kept" },
	{ "TIOCGWINSZ", "zero, kept" },
};

/* Numbers of the generic table, for C libraries that know fewer. */
enum { NEWFSTATAT = 79, FSTAT = 80, STATX = 291, FSTATFS = 44, STATFS = 43 };

static int file(void)
{
	static int fd = -1;

	if (fd == -1) {
		fd = NEED(memfd_create("gaps", 0));
		NEED(write(fd, "abcdef", 6));
	}
	return fd;
}

static void stats(void)
{
	static const char *const names[] = { "/", "/proc/self/stat", "/dev/null" };
	char name[64];

	fresh();
	NEED(syscall(FSTAT, file(), out));
	ROW("fstat", "%s %s %s, %s", bytes(40, 48), bytes(60, 64), bytes(120, 128), bytes(128, 160));
	for (size_t i = 0; i < 3; i++) {
		fresh();
		NEED(syscall(NEWFSTATAT, AT_FDCWD, names[i], out, 0));
		snprintf(name, sizeof name, "newfstatat %s", names[i]);
		ROW(name, "%s %s %s, %s", bytes(40, 48), bytes(60, 64), bytes(120, 128), bytes(128, 160));
		fresh();
		NEED(syscall(STATX, AT_FDCWD, names[i], 0, 0x7ff, out));
		snprintf(name, sizeof name, "statx %s", names[i]);
		ROW(name, "%s %s %s %s %s %s, %s", bytes(30, 32), bytes(76, 80), bytes(92, 96), bytes(108, 112),
		    bytes(124, 128), bytes(188, 256), bytes(256, 288));
		fresh();
		NEED(syscall(STATFS, names[i], out));
		snprintf(name, sizeof name, "statfs %s", names[i]);
		ROW(name, "%s, %s", bytes(88, 120), bytes(120, 152));
	}
	fresh();
	NEED(syscall(STATX, AT_FDCWD, "/", 0, 0, out));
	ROW("statx of nothing", "%s %s", bytes(30, 32), bytes(188, 256));
}

static void locks(void)
{
	struct flock *lock = (struct flock *)out;

	fresh();
	lock->l_type = F_WRLCK;
	lock->l_whence = SEEK_SET;
	lock->l_start = lock->l_len = 0;
	NEED(fcntl(file(), F_GETLK, lock));
	ROW("F_GETLK", "%s %s", bytes(4, 8), bytes(28, 32));
	fresh();
	NEED(fcntl(file(), F_GETOWN_EX, out));
	ROW("F_GETOWN_EX", "%s", bytes(8, 16));
}

static void readiness(void)
{
	int epoll = NEED(epoll_create1(0)), ends[2];
	struct epoll_event event = { .events = EPOLLOUT, .data.u64 = 1 };
	sigset_t set;

	NEED(pipe(ends));
	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &event));
	fresh();
	WANT(epoll_wait(epoll, (struct epoll_event *)out, 4, 0), 1);
	ROW("epoll_wait", "%s, %s", bytes(4, 8), bytes(16, 48));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(getpid(), SIGUSR1);
	{
		int fd = NEED(signalfd(-1, &set, 0));

		fresh();
		WANT(read(fd, out, 1024), sizeof(struct signalfd_siginfo));
		ROW("signalfd", "%s %s, %s", bytes(16, 44), bytes(48, 128), bytes(128, 256));
		close(fd);
	}
	close(epoll);
	close(ends[0]);
	close(ends[1]);
}

static char frame_text[512];

static void on_signal(int number, siginfo_t *info, void *context)
{
	unsigned char *si = (unsigned char *)info, *uc = context;

	/* Below the program's stack pointer nothing has to survive: a kernel may clear it. */
	const char *stack_gap = bytes_of(uc, 16 + 12, 16 + 16);

	(void)number;
	if (strcmp(stack_gap, "zero") == 0 || strcmp(stack_gap, "kept") == 0)
		stack_gap = "zero or kept";
	snprintf(frame_text, sizeof frame_text, "siginfo %s %s, context %s, %s", bytes_of(si, 12, 16), bytes_of(si, 24, 128),
	         bytes_of(uc, 0, 16), stack_gap);
}

static void signals(void)
{
	static unsigned char stack[65536] __attribute__((aligned(16)));
	stack_t mine = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct timespec now = { 0, 0 };
	unsigned long set = 1ul << (SIGUSR1 - 1), none = 0;
	pid_t child;
	int status;

	fresh();
	NEED(sigaltstack(NULL, (stack_t *)out));
	ROW("sigaltstack", "%s, %s", bytes(12, 16), bytes(24, 48));
	kill(getpid(), SIGUSR1);
	fresh();
	WANT(syscall(SYS_rt_sigtimedwait, &set, out, &now, 8), SIGUSR1);
	ROW("sigtimedwait", "%s %s, %s", bytes(12, 16), bytes(24, 128), bytes(128, 256));
	memset(stack, PATTERN, sizeof stack);
	NEED(sigaltstack(&mine, NULL));
	NEED(sigaction(SIGUSR1, &action, NULL));
	kill(getpid(), SIGUSR1);
	NEED(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8));
	ROW("frame", "%s", frame_text);
	fresh();
	NEED(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, out, 8));
	ROW("sigprocmask", "%s", bytes(8, 16));
	fresh();
	NEED(syscall(SYS_rt_sigaction, SIGUSR2, NULL, out, 8));
	ROW("sigaction", "%s", bytes(24, 32));
	if ((child = NEED(fork())) == 0)
		_exit(3);
	fresh();
	NEED(syscall(SYS_waitid, P_PID, child, out, WEXITED, out + 256));
	ROW("waitid", "%s %s, rusage %s", bytes(12, 16), bytes(28, 128), bytes(256 + 144, 256 + 160));
	fresh();
	if ((child = NEED(fork())) == 0)
		_exit(3);
	NEED(syscall(SYS_wait4, child, out, 0, out + 8));
	ROW("wait4", "%s %s", bytes(4, 8), bytes(8 + 144, 8 + 160));
	fresh();
	errno = 0;
	status = syscall(SYS_waitid, P_ALL, 0, out, WEXITED | WNOHANG, NULL);
	ROW("waitid of none", "%s, %s %s %s %s", answer(status), bytes(0, 12), bytes(12, 16), bytes(16, 28), bytes(28, 128));
	if ((child = NEED(fork())) == 0) {
		sleep_ms(300);
		_exit(3);
	}
	fresh();
	status = syscall(SYS_waitid, P_ALL, 0, out, WEXITED | WNOHANG, NULL);
	ROW("waitid too early", "%s, %s %s %s %s", answer(status), bytes(0, 12), bytes(12, 16), bytes(16, 28), bytes(28, 128));
	kill(child, SIGKILL);
	NEED(waitpid(child, NULL, 0));
}

static void directories(void)
{
	/* inode, offset, length of the entry, kind, name: five bytes of name leave a gap. */
	char place[] = "/tmp/gaps-XXXXXX", inside[64];
	long length;
	int fd;

	if (!mkdtemp(place))
		check_bail("mkdtemp", errno, __FILE__, __LINE__);
	snprintf(inside, sizeof inside, "%s/ab", place);
	close(NEED(open(inside, O_CREAT | O_RDWR, 0600)));
	fd = NEED(open(place, O_RDONLY | O_DIRECTORY));
	fresh();
	length = NEED(syscall(SYS_getdents64, fd, out, 4096));
	ROW("getdents64", "%ld", length);
	for (long at = 0; at < length;) {
		unsigned short size = *(unsigned short *)(out + at + 16);
		char name[64];

		snprintf(name, sizeof name, "getdents64 %s", (char *)out + at + 19);
		ROW(name, "%s", bytes(at + 19 + strlen((char *)out + at + 19) + 1, at + size));
		at += size;
	}
	ROW("behind getdents64", "%s", bytes(length, 4096));
	close(fd);
	{
		int watch = NEED(inotify_init1(IN_NONBLOCK));

		NEED(inotify_add_watch(watch, place, IN_DELETE));
		NEED(unlink(inside));
		fresh();
		length = NEED(read(watch, out, 4096));
		ROW("inotify", "%ld %s, %s", length, bytes(16 + 3, length), bytes(length, 4096));
		close(watch);
	}
	NEED(rmdir(place));
	fresh();
	NEED(chdir("/"));
	NEED(syscall(SYS_getcwd, out, 4096));
	ROW("getcwd", "%s", bytes(2, 4096));
	fresh();
	length = NEED(readlink("/proc/self/fd/0", (char *)out, 4096));
	ROW("readlink", "%s", bytes(length, 4096));
	fresh();
	length = NEED(pread(file(), out, 4096, 0));
	ROW("pread", "%ld %s", length, bytes(length, 4096));
}

static void numbers(void)
{
	fresh();
	NEED(syscall(SYS_sysinfo, out));
	ROW("sysinfo", "%s %s, %s", bytes(82, 88), bytes(108, 112), bytes(112, 144));
	fresh();
	NEED(syscall(SYS_uname, out));
	ROW("uname", "%s %s %s, %s", bytes(strlen((char *)out), 65), bytes(65 * 2 + strlen((char *)out + 65 * 2), 65 * 3),
	    bytes(65 * 5 + strlen((char *)out + 65 * 5), 65 * 6), bytes(65 * 6, 65 * 7));
	fresh();
	NEED(syscall(SYS_getrusage, RUSAGE_SELF, out));
	ROW("getrusage", "%s", bytes(144, 160));
	fresh();
	*(unsigned *)out = 0;
	NEED(syscall(SYS_adjtimex, out) < 0 ? -1 : 0);
	ROW("adjtimex", "%s %s %s %s, %s", bytes(4, 8), bytes(44, 48), bytes(116, 120), bytes(164, 208), bytes(208, 240));
	fresh();
	NEED(syscall(SYS_times, out));
	ROW("times", "%s", bytes(32, 64));
	fresh();
	NEED(syscall(SYS_sched_getattr, 0, out, 512, 0));
	ROW("sched_getattr", "%s", bytes(64, 512));
	fresh();
	NEED(syscall(SYS_sched_rr_get_interval, 0, out));
	ROW("sched_rr_get_interval", "%s", bytes(16, 32));
	fresh();
	NEED(syscall(SYS_getgroups, 0, NULL));
	((unsigned *)out)[0] = _LINUX_CAPABILITY_VERSION_3;
	((unsigned *)out)[1] = 0;
	NEED(syscall(SYS_capget, out, out + 8));
	ROW("capget", "%s", bytes(8 + 24, 64));
	fresh();
	NEED(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, out));
	ROW("prlimit64", "%s", bytes(16, 32));
	fresh();
	{
		int fd = NEED(timerfd_create(CLOCK_MONOTONIC, 0));

		NEED(syscall(SYS_timerfd_gettime, fd, out));
		ROW("timerfd_gettime", "%s", bytes(32, 64));
		close(fd);
	}
}

static void shared(void)
{
	int id = NEED(shmget(IPC_PRIVATE, 4096, 0600));

	fresh();
	NEED(syscall(SYS_shmctl, id, IPC_STAT, out));
	/* ipc64_perm: key, uid, gid, cuid, cgid, mode, seq, gap, two words; then shmid64_ds. */
	ROW("shmctl", "%s %s, %s", bytes(26, 48), bytes(96, 112), bytes(112, 144));
	NEED(shmctl(id, IPC_RMID, NULL));
	fresh();
	NEED(syscall(SYS_shmctl, 0, IPC_INFO, out));
	ROW("shmctl IPC_INFO", "%s, %s", bytes(40, 72), bytes(72, 96));
	fresh();
	NEED(syscall(SYS_shmctl, 0, 14, out));
	ROW("shmctl SHM_INFO", "%s, %s", bytes(4, 8), bytes(48, 64));
	id = NEED(semget(IPC_PRIVATE, 3, 0600));
	fresh();
	NEED(syscall(SYS_semctl, id, 0, IPC_STAT, out));
	ROW("semctl", "%s %s, %s", bytes(26, 48), bytes(48 + 24, 48 + 40), bytes(48 + 40, 128));
	fresh();
	NEED(syscall(SYS_semctl, id, 0, GETALL, out));
	ROW("semctl GETALL", "%s", bytes(6, 32));
	fresh();
	NEED(syscall(SYS_semctl, 0, 0, IPC_INFO, out));
	ROW("semctl IPC_INFO", "%s", bytes(40, 64));
	NEED(semctl(id, 0, IPC_RMID));
}

static void terminals(void)
{
	int master = NEED(open("/dev/ptmx", O_RDWR | O_NOCTTY));

	fresh();
	NEED(syscall(SYS_ioctl, master, 0x5401, out));
	ROW("TCGETS", "%s", bytes(36, 64));
	fresh();
	NEED(syscall(SYS_ioctl, master, 0x802c542a, out));
	ROW("TCGETS2", "%s", bytes(44, 64));
	fresh();
	NEED(syscall(SYS_ioctl, master, 0x5413, out));
	ROW("TIOCGWINSZ", "%s, %s", bytes(0, 8), bytes(8, 32));
	close(master);
}

int main(int argc, char **argv)
{
	ROWS(linux_says, argc, argv);
	stats();
	locks();
	readiness();
	signals();
	directories();
	numbers();
	shared();
	terminals();
	return rows_done();
}
