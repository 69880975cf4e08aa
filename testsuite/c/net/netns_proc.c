/*
 * /proc/net is the reader's own namespace, /proc/<pid>/net that of a process; sysctl values are of a
 * namespace (network_namespaces(7), proc_net(5)).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <fcntl.h>
#include <sched.h>

static char text[4096];

static const char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY), length;

	if (fd < 0)
		return "";
	length = read(fd, text, sizeof text - 1);
	close(fd);
	text[length < 0 ? 0 : length] = 0;
	return text;
}

static int lines(const char *path)
{
	int count = 0;

	for (const char *at = slurp(path); *at; at++)
		count += *at == '\n';
	return count;
}

static int store(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	int done = fd < 0 ? -1 : write(fd, value, strlen(value));

	close(fd);
	return done;
}

int main(void)
{
	char path[64], target[64] = "";
	int listener = NEED(socket(AF_INET, SOCK_STREAM, 0));
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	NEED(bind(listener, (void *)&any, sizeof any));
	NEED(listen(listener, 1));
	CHECK(readlink("/proc/net", target, sizeof target - 1) > 0);
	CHECK(!strcmp(target, "self/net"));
	CHECK(lines("/proc/net/tcp") >= 2);

	NEED(unshare(CLONE_NEWNET));
	/* Only the heading: no socket is in the new one. */
	WANT(lines("/proc/net/tcp"), 1);
	WANT(lines("/proc/self/net/tcp"), 1);
	/* Two lines of heading and lo. */
	WANT(lines("/proc/net/dev"), 3);
	snprintf(path, sizeof path, "/proc/%d/net/tcp", getppid());
	CHECK(lines(path) >= 1);

	CHECK(!strcmp(slurp("/proc/sys/net/ipv4/ip_unprivileged_port_start"), "1024\n"));
	WANT(store("/proc/sys/net/ipv4/ip_unprivileged_port_start", "80"), 2);
	CHECK(!strcmp(slurp("/proc/sys/net/ipv4/ip_unprivileged_port_start"), "80\n"));
	NEED(unshare(CLONE_NEWNET));
	CHECK(!strcmp(slurp("/proc/sys/net/ipv4/ip_unprivileged_port_start"), "1024\n"));
	return done();
}
