/*
 * A network namespace: unshare(2) makes one, /proc/<pid>/ns/net names it, setns(2) goes back; a
 * socket stays in the one that it was made in (network_namespaces(7), setns(2), unshare(2)).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>

#define SO_NETNS_COOKIE_ 71
#define SIOCGSKNS_ 0x894c
#define NS_GET_NSTYPE_ 0xb703

static int up(int fd, const char *name)
{
	struct ifreq r = { 0 };

	strcpy(r.ifr_name, name);
	NEED(ioctl(fd, SIOCGIFFLAGS, &r));
	return r.ifr_flags & IFF_UP;
}

static ino_t number(const char *path)
{
	struct stat s;

	NEED(stat(path, &s));
	return s.st_ino;
}

static unsigned long long cookie(int fd)
{
	unsigned long long value = 0;
	socklen_t length = sizeof value;

	NEED(getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE_, &value, &length));
	return value;
}

static int abstract(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = NEED(socket(AF_UNIX, SOCK_DGRAM, 0));

	memcpy(addr.sun_path, "\0netns_basic", 12);
	WANT(bind(fd, (void *)&addr, sizeof(sa_family_t) + 12), 0);
	return fd;
}

static void link_text(const char *path)
{
	char text[64] = "", want[64];

	CHECK(readlink(path, text, sizeof text - 1) > 0);
	snprintf(want, sizeof want, "net:[%lu]", (unsigned long)number(path));
	CHECK(!strcmp(text, want));
}

int main(void)
{
	struct stat s;
	int self = NEED(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
	int old = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	int fresh, there, got;
	ino_t before = number("/proc/self/ns/net");
	unsigned long long first = cookie(old);

	link_text("/proc/self/ns/net");
	WANT(fstat(self, &s), 0);
	CHECK(s.st_ino == before);
	CHECK(S_ISREG(s.st_mode));
	WANT(s.st_mode & 0777, 0444);
	WANT(ioctl(self, NS_GET_NSTYPE_), CLONE_NEWNET);
	abstract();

	WANT(unshare(CLONE_NEWNET), 0);
	CHECK(number("/proc/self/ns/net") != before);
	link_text("/proc/self/ns/net");
	WANT(fstat(self, &s), 0);
	CHECK(s.st_ino == before);
	fresh = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	CHECK(cookie(fresh) != first);
	CHECK(cookie(old) == first);
	/* lo is there, and down; the old socket still sees the old one. */
	CHECK(!up(fresh, "lo"));
	CHECK(up(old, "lo"));
	/* Abstract names are of a namespace. */
	abstract();
	/* A child inherits it. */
	if (!NEED(fork()))
		_exit(number("/proc/self/ns/net") == before);
	WANT((wait(&got), got), 0);

	got = ioctl(old, SIOCGSKNS_);
	CHECK(got >= 0);
	WANT(fstat(got, &s), 0);
	CHECK(s.st_ino == before);
	there = NEED(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
	FAILS(setns(self, CLONE_NEWUTS), EINVAL);
	FAILS(setns(old, 0), EINVAL);
	FAILS(setns(-1, 0), EBADF);
	FAILS(setns(1, CLONE_NEWNET), EINVAL);
	WANT(setns(self, CLONE_NEWNET), 0);
	CHECK(number("/proc/self/ns/net") == before);
	WANT(setns(there, 0), 0);
	CHECK(number("/proc/self/ns/net") != before);
	WANT(setns(self, 0), 0);

	if (!NEED(fork())) {
		NEED(setresuid(65534, 65534, 65534));
		if (unshare(CLONE_NEWNET) != -1 || errno != EPERM)
			_exit(1);
		if (setns(there, 0) != -1 || errno != EPERM)
			_exit(2);
		_exit(0);
	}
	WANT((wait(&got), got), 0);
	return done();
}
