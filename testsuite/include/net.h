/*
 * net.h: sockets for test programs, over loopback, on ports that the kernel picks.
 *
 *     int server = tcp_listen(AF_INET, &address);      // any free port
 *     struct pair pair = tcp_pair(AF_INET);            // both ends of a connection
 *
 * Every helper is a NEED: it works or the program bails out.
 */
#ifndef NET_H
#define NET_H

#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

/* An IPv4 or IPv6 address with its length. */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage storage;
	};
	socklen_t length;
};

/* Two connected sockets. */
struct pair {
	int client, server;
};

/* Loopback of the family with this port; 0 lets bind pick. */
static inline struct address loopback(int family, int port)
{
	struct address a;

	memset(&a, 0, sizeof a);
	if (family == AF_INET6) {
		a.v6.sin6_family = AF_INET6;
		a.v6.sin6_addr = in6addr_loopback;
		a.v6.sin6_port = htons(port);
		a.length = sizeof a.v6;
	} else {
		a.v4.sin_family = AF_INET;
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		a.v4.sin_port = htons(port);
		a.length = sizeof a.v4;
	}
	return a;
}

static inline int port_of(const struct address *a)
{
	return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

/* Same family, same port, loopback's address. */
static inline int same_address(const struct address *a, const struct address *b)
{
	return a->length == b->length && a->any.sa_family == b->any.sa_family && port_of(a) == port_of(b) &&
	       (a->any.sa_family == AF_INET6
			? memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0
			: a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr);
}

static inline struct address no_address(void)
{
	struct address a;

	memset(&a, 0, sizeof a);
	a.length = sizeof a.storage;
	return a;
}

static inline struct address name_of(int fd)
{
	struct address a = no_address();

	NEED(getsockname(fd, &a.any, &a.length));
	return a;
}

static inline struct address peer_of(int fd)
{
	struct address a = no_address();

	NEED(getpeername(fd, &a.any, &a.length));
	return a;
}

/* A socket bound to a free port of loopback. */
static inline int bound(int family, int type, struct address *address)
{
	struct address a = loopback(family, 0);
	int fd = NEED(socket(family, type, 0));

	NEED(bind(fd, &a.any, a.length));
	*address = name_of(fd);
	return fd;
}

static inline int tcp_listen(int family, struct address *address)
{
	int fd = bound(family, SOCK_STREAM, address);

	NEED(listen(fd, 16));
	return fd;
}

/* An address where nothing listens: it was free a moment ago. */
static inline struct address nobody(int family, int type)
{
	struct address address;

	close(bound(family, type, &address));
	return address;
}

static inline struct pair tcp_pair(int family)
{
	struct address address;
	struct pair pair;
	int listener = tcp_listen(family, &address);

	pair.client = NEED(socket(family, SOCK_STREAM, 0));
	NEED(connect(pair.client, &address.any, address.length));
	pair.server = NEED(accept(listener, NULL, NULL));
	close(listener);
	return pair;
}

/* Two UDP sockets connected to each other. */
static inline struct pair udp_pair(int family)
{
	struct address a, b;
	struct pair pair;

	pair.client = bound(family, SOCK_DGRAM, &a);
	pair.server = bound(family, SOCK_DGRAM, &b);
	NEED(connect(pair.client, &b.any, b.length));
	NEED(connect(pair.server, &a.any, a.length));
	return pair;
}

static inline void close_pair(struct pair pair)
{
	close(pair.client);
	close(pair.server);
}

static inline void set_nonblocking(int fd)
{
	NEED(fcntl(fd, F_SETFL, NEED(fcntl(fd, F_GETFL)) | O_NONBLOCK));
}

/* poll(2) on one descriptor; answers revents, 0 when the time is over. */
static inline int ready(int fd, int events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return NEED(poll(&p, 1, timeout_ms)) ? p.revents : 0;
}

static inline int get_int(int fd, int level, int name)
{
	int value = -1;
	socklen_t length = sizeof value;

	NEED(getsockopt(fd, level, name, &value, &length));
	return value;
}

static inline void set_int(int fd, int level, int name, int value)
{
	NEED(setsockopt(fd, level, name, &value, sizeof value));
}

/* SO_RCVTIMEO or SO_SNDTIMEO in milliseconds. */
static inline void set_timeout(int fd, int name, int ms)
{
	struct timeval span = { ms / 1000, ms % 1000 * 1000 };

	NEED(setsockopt(fd, SOL_SOCKET, name, &span, sizeof span));
}

/* Receives exactly `length` bytes or what came before the end. */
static inline ssize_t recv_all(int fd, void *buffer, size_t length)
{
	size_t got = 0;

	while (got < length) {
		ssize_t n = recv(fd, (char *)buffer + got, length - got, 0);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += n;
	}
	return got;
}

/* Runs the test for both families. */
static inline void for_both(void (*test)(int family))
{
	printf("# IPv4\n");
	test(AF_INET);
	printf("# IPv6\n");
	test(AF_INET6);
}

#endif
