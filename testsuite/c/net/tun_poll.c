/*
 * Readiness of /dev/net/tun: poll(2), epoll(7) in both modes, O_NONBLOCK, a reader that waits, SIGIO; a descriptor that two
 * processes share keeps the interface; what happens to a reader whose interface goes.
 * Agrees: Linux 7.2.
 */
#include "tun.h"

static unsigned char packet[2048];
static volatile int signals;

static void on_io(int signal)
{
	(void)signal;
	signals++;
}

static void send_one(int udp)
{
	struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(9) };

	NEED(inet_pton(AF_INET, "10.8.3.7", &there.sin_addr));
	NEED(sendto(udp, "hello", 5, 0, (void *)&there, sizeof there));
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_io };
	struct epoll_event event = { .events = EPOLLIN | EPOLLET }, got;
	struct pollfd p = { .events = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM };
	int fd, udp, epoll, pid, status, start[2];
	char path[32], byte;

	NEED(unshare(CLONE_NEWNET));
	/* No router is asked for: nothing but what is sent here. */
	NEED(sysctl_set("net/ipv6/conf/default/disable_ipv6", "1"));
	fd = p.fd = tun_open("t0", IFF_TUN | IFF_NO_PI);
	udp = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	NEED(fcntl(fd, F_SETFL, O_NONBLOCK));
	NEED(link_up("t0"));
	NEED(addr_add("t0", "10.8.3.1", 24));
	FAILS(read(fd, packet, sizeof packet), EAGAIN);
	WANT(poll(&p, 1, 0), 1);
	WANT(p.revents, POLLOUT | POLLWRNORM);
	epoll = NEED(epoll_create1(0));
	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	WANT(epoll_wait(epoll, &got, 1, 0), 0);
	send_one(udp);
	WANT(poll(&p, 1, 0), 1);
	WANT(p.revents, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
	WANT(epoll_wait(epoll, &got, 1, 0), 1);
	WANT(epoll_wait(epoll, &got, 1, 0), 0);
	send_one(udp);
	WANT(epoll_wait(epoll, &got, 1, 0), 1);
	WANT(read(fd, packet, sizeof packet), 33);
	WANT(read(fd, packet, sizeof packet), 33);
	FAILS(read(fd, packet, sizeof packet), EAGAIN);

	/* SIGIO. */
	NEED(sigaction(SIGIO, &action, NULL));
	NEED(fcntl(fd, F_SETOWN, getpid()));
	NEED(fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	send_one(udp);
	WANT(signals, 1);
	NEED(fcntl(fd, F_SETFL, 0));
	WANT(read(fd, packet, sizeof packet), 33);

	/* As many as the queue takes; the others are lost and counted. */
	for (int i = 0; i < 600; i++)
		send_one(udp);
	NEED(fcntl(fd, F_SETFL, O_NONBLOCK));
	status = 0;
	while (read(fd, packet, sizeof packet) > 0)
		status++;
	CHECK(status >= 480 && status <= 600);
	NEED(fcntl(fd, F_SETFL, 0));

	/* One process reads, another one sends. */
	pid = NEED(fork());
	if (!pid)
		_exit(read(fd, packet, sizeof packet) == 33 ? 5 : errno);
	usleep(50000);
	send_one(udp);
	NEED(waitpid(pid, &status, 0));
	WANT(WEXITSTATUS(status), 5);

	/* It is there as long as one of them has it. */
	NEED(pipe(start));
	pid = NEED(fork());
	if (!pid) {
		close(start[1]);
		NEED(read(start[0], &byte, 1) + 1);
		_exit(read(fd, packet, sizeof packet) < 0 ? errno : 0);
	}
	close(fd);
	close(epoll);
	CHECK(if_nametoindex("t0") > 0);
	close(start[1]);
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	usleep(100000);
	WANT(link_del("t0"), 0);
	NEED(waitpid(pid, &status, 0));
	WANT(WEXITSTATUS(status), EFAULT);
	return done();
}
