/*
 * proc(5): what programs read about themselves and the machine is there and agrees with
 * the system calls.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>

static char text[65536];

static const char *contents(const char *path)
{
	int fd = NEED(open(path, O_RDONLY));
	ssize_t n, total = 0;

	while ((n = NEED(read(fd, text + total, sizeof text - 1 - total))) > 0)
		total += n;
	text[total] = 0;
	close(fd);
	return text;
}

int main(void)
{
	char path[64], link[256], expect[64];
	struct stat meta;
	int fd, pid, parent;
	char state;
	ssize_t n;

	WANT(sscanf(contents("/proc/self/stat"), "%d %*s %c %d", &pid, &state, &parent), 3);
	WANT(pid, getpid());
	WANT(parent, getppid());
	WANT(state, 'R');
	CHECK(strstr(contents("/proc/self/status"), "VmRSS:"));
	snprintf(expect, sizeof expect, "Pid:\t%d\n", getpid());
	CHECK(strstr(contents("/proc/self/status"), expect));
	CHECK(strstr(contents("/proc/self/maps"), "[stack]"));
	CHECK(strstr(contents("/proc/self/cmdline"), "proc_files"));
	n = readlink("/proc/self/exe", link, sizeof link - 1);
	CHECK(n > 0);
	fd = NEED(open("/dev/null", O_RDONLY));
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	memset(link, 0, sizeof link);
	n = NEED(readlink(path, link, sizeof link - 1));
	CHECK(strcmp(link, "/dev/null") == 0);
	snprintf(path, sizeof path, "/proc/%d", getpid());
	WANT(stat(path, &meta), 0);
	CHECK(S_ISDIR(meta.st_mode));
	FAILS(stat("/proc/99999999", &meta), ENOENT);
	CHECK(strstr(contents("/proc/meminfo"), "MemTotal:"));
	CHECK(strstr(contents("/proc/meminfo"), "MemAvailable:"));
	CHECK(strstr(contents("/proc/mounts"), " / "));
	CHECK(strstr(contents("/proc/stat"), "cpu "));
	CHECK(strstr(contents("/proc/version"), "Linux version"));
	CHECK(contents("/proc/uptime")[0] >= '0');
	CHECK(strchr(contents("/proc/loadavg"), '/'));
	CHECK(contents("/proc/cpuinfo")[0] != 0);
	CHECK(strstr(contents("/proc/net/dev"), "lo:"));
	CHECK(strstr(contents("/proc/net/tcp"), "local_address"));
	CHECK(strchr(contents("/proc/sys/kernel/ostype"), 'L'));
	CHECK(atoi(contents("/proc/sys/kernel/pid_max")) > 0);
	FAILS(open("/proc/self/nothing", O_RDONLY), ENOENT);
	return done();
}
