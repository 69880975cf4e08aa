/*
 * /proc/config.gz: one gzip member (RFC 1952) of lines CONFIG_NAME=value and "# CONFIG_NAME is not set" (proc(5)). What it says to
 * be there is there, and what it says is not is not. A kernel may come without the file: Debian's keeps it in /boot.
 * Agrees: Linux 7.2 (has none: skipped).
 */
#include "link.h"

#include <linux/if_alg.h>
#include <linux/if_tun.h>
#include <linux/vm_sockets.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

static char text[1 << 20];

static int has(const char *line)
{
	size_t length = strlen(line);

	for (char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[length] == '\n')
			return 1;
	return 0;
}

/* 1 when a descriptor came of it or the call is known, closing it. */
static int works(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int family(int domain, int type, int protocol)
{
	return works(socket(domain, type, protocol));
}

static int known(long number)
{
	return syscall(number, -1, -1, -1, -1, -1, -1) != -1 || errno != ENOSYS;
}

/* In a process of its own, which may be changed by it. */
static int unshares(int flags)
{
	int status, pid = NEED(fork());

	if (!pid)
		_exit(unshare(flags) ? 1 : 0);
	NEED(waitpid(pid, &status, 0));
	return status == 0;
}

static int link_kind(const char *kind)
{
	struct nl_request r = link_begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, NULL);
	struct rtattr *info = link_open(&r, IFLA_LINKINFO);
	int status, pid;

	nl_put(&r, IFLA_INFO_KIND, kind, strlen(kind));
	link_close(&r, info);
	pid = NEED(fork());
	if (!pid) {
		NEED(unshare(CLONE_NEWNET));
		_exit(link_ask(&r) ? 1 : 0);
	}
	NEED(waitpid(pid, &status, 0));
	return status == 0;
}

static int algorithm(const char *type, const char *name)
{
	struct sockaddr_alg sa = { .salg_family = AF_ALG };
	int fd = socket(AF_ALG, SOCK_SEQPACKET, 0), good;

	strcpy((char *)sa.salg_type, type);
	strcpy((char *)sa.salg_name, name);
	good = fd >= 0 && bind(fd, (void *)&sa, sizeof sa) == 0;
	close(fd);
	return good;
}

static int file(const char *path)
{
	return access(path, F_OK) == 0;
}

/* A line of the file, and whether the kernel does what it says. */
static void try(const char *option, int there)
{
	char yes[64], no[64];

	snprintf(yes, sizeof yes, "CONFIG_%s=y", option);
	snprintf(no, sizeof no, "# CONFIG_%s is not set", option);
	if (has(yes) + has(no) != 1)
		printf("# %s stands there %d times\n", option, has(yes) + has(no));
	if (has(yes) != there)
		printf("# %s: said %d, is %d\n", option, has(yes), there);
	CHECK(has(yes) + has(no) == 1 && has(yes) == there);
}

int main(void)
{
	unsigned char magic[4] = { 0 };
	int fd = open("/proc/config.gz", O_RDONLY), stream = SOCK_STREAM, raw = SOCK_RAW;
	struct stat status;
	FILE *pipe;
	int word = 0;

	if (fd < 0)
		return skip("this kernel has no /proc/config.gz");
	WANT(fstat(fd, &status), 0);
	WANT(status.st_mode & 07777, 0444);
	WANT(read(fd, magic, 4), 4);
	CHECK(magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == 8);
	close(fd);
	pipe = popen("zcat /proc/config.gz", "r");
	CHECK(pipe && fread(text, 1, sizeof text - 1, pipe) > 100);
	WANT(pclose(pipe), 0);

	try("NET", family(AF_UNIX, stream, 0));
	try("UNIX", family(AF_UNIX, stream, 0));
	try("INET", family(AF_INET, stream, 0));
	try("IPV6", family(AF_INET6, stream, 0));
	try("PACKET", family(AF_PACKET, raw, 0));
	try("VSOCKETS", family(AF_VSOCK, stream, 0));
	try("NETFILTER", family(AF_NETLINK, raw, 12));
	try("XFRM_USER", family(AF_NETLINK, raw, 6));
	try("CRYPTO_USER", family(AF_NETLINK, raw, 21));
	try("INET_DIAG", family(AF_NETLINK, raw, 4));
	try("CAN", family(29, raw, 1));
	try("CAN_RAW", family(29, raw, 1));
	try("CAN_BCM", family(29, SOCK_DGRAM, 2));
	try("BT", family(AF_BLUETOOTH, raw, 1));
	try("LLC", family(AF_LLC, stream, 0));
	try("RDS", family(AF_RDS, SOCK_SEQPACKET, 0));
	try("SMC", family(43, stream, 0));
	try("TIPC", family(AF_TIPC, stream, 0));
	try("XDP_SOCKETS", family(44, raw, 0));
	try("NET_KEY", family(AF_KEY, raw, 2));
	try("IP_SCTP", family(AF_INET, stream, 132));
	try("IP_DCCP", family(AF_INET, 6, 33));
	try("MPTCP", family(AF_INET, stream, 262));
	try("TUN", works(open("/dev/net/tun", O_RDWR)));
	try("VETH", link_kind("veth"));
	try("DUMMY", link_kind("dummy"));
	try("BRIDGE", link_kind("bridge"));
	try("CAN_VCAN", link_kind("vcan"));
	try("CRYPTO_USER_API_HASH", algorithm("hash", "sha256"));
	try("CRYPTO_USER_API_SKCIPHER", algorithm("skcipher", "cbc(aes)"));
	try("CRYPTO_USER_API_AEAD", algorithm("aead", "gcm(aes)"));
	try("CRYPTO_USER_API_RNG", algorithm("rng", "stdrng"));
	try("SYN_COOKIES", file("/proc/sys/net/ipv4/tcp_syncookies"));
	try("NET_NS", unshares(CLONE_NEWNET));
	try("USER_NS", unshares(CLONE_NEWUSER));
	try("IPC_NS", unshares(CLONE_NEWIPC));
	try("UTS_NS", unshares(CLONE_NEWUTS));
	try("PID_NS", unshares(CLONE_NEWPID));
	try("TIME_NS", unshares(0x80));
	try("CGROUPS", file("/proc/cgroups"));
	try("EPOLL", works(epoll_create1(0)));
	try("EVENTFD", works(eventfd(0, 0)));
	try("TIMERFD", works(timerfd_create(CLOCK_MONOTONIC, 0)));
	try("SIGNALFD", works(signalfd(-1, &(sigset_t){ 0 }, 0)));
	try("INOTIFY_USER", works(inotify_init1(0)));
	try("MEMFD_CREATE", works(memfd_create("a", 0)));
	try("AIO", known(SYS_io_setup));
	try("IO_URING", known(SYS_io_uring_setup));
	try("BPF_SYSCALL", known(SYS_bpf));
	try("KEYS", known(SYS_keyctl));
	try("POSIX_MQUEUE", known(SYS_mq_open));
	try("FANOTIFY", known(SYS_fanotify_init));
	try("USERFAULTFD", known(SYS_userfaultfd));
	try("MODULES", known(SYS_init_module));
	try("FUTEX", syscall(SYS_futex, &word, 1 /* FUTEX_WAKE */, 1, NULL, NULL, 0) == 0);
	try("PROC_FS", file("/proc/self"));
	try("SYSFS", file("/sys/class/net"));
	try("SYSCTL", file("/proc/sys/kernel"));
	try("RTC_CLASS", file("/dev/rtc0"));
	return done();
}
