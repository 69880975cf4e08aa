/*
 * IPV6_ADDRFORM: a connected IPv6 socket with an IPv4 peer becomes an IPv4 socket and works on as one (ipv6(7)); who may not,
 * and why. After connect(AF_UNSPEC) it can be bound and can listen as any IPv4 socket.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "text.h"

static int form(int fd, int family)
{
	return setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &family, sizeof family);
}

static int domain_of(int fd)
{
	int domain = -1;
	socklen_t length = sizeof domain;

	NEED(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length));
	return domain;
}

static int current_form(int fd)
{
	int family = -1;
	socklen_t length = sizeof family;

	return getsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &family, &length) ? -1 : family;
}

static void disconnect(int fd)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	WANT(connect(fd, &none, sizeof none), 0);
}

/* What it answers while it is one of AF_INET and connected. */
static void is_v4(int fd, int peer_port)
{
	struct address a;
	int on = 1;

	WANT(domain_of(fd), AF_INET);
	a = name_of(fd);
	WANT(a.any.sa_family, AF_INET);
	WANT(a.length, sizeof a.v4);
	WANT(ntohl(a.v4.sin_addr.s_addr), INADDR_LOOPBACK);
	a = peer_of(fd);
	WANT(a.any.sa_family, AF_INET);
	WANT(port_of(&a), peer_port);
	FAILS(form(fd, AF_INET), ENOPROTOOPT);
	WANT(current_form(fd), -1);
	FAILS(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), ENOPROTOOPT);
	WANT(setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof on), 0);
}

static void tcp(void)
{
	struct address any = { .v6 = { .sin6_family = AF_INET6 }, .length = sizeof any.v6 }, a, own;
	struct address wildcard = { .v4 = { .sin_family = AF_INET }, .length = sizeof wildcard.v4 };
	int listener = NEED(socket(AF_INET6, SOCK_STREAM, 0)), client, server, other;
	char line[64];
	struct pair pair;

	NEED(bind(listener, &any.any, any.length));
	NEED(listen(listener, 5));
	FAILS(form(listener, AF_INET), ENOTCONN);
	a = name_of(listener);
	a = loopback(AF_INET, port_of(&a));
	for (int i = 0; i < 20; i++) {
		client = NEED(socket(AF_INET, SOCK_STREAM, 0));
		NEED(connect(client, &a.any, a.length));
		server = NEED(accept(listener, NULL, NULL));
		own = name_of(client);
		WANT(domain_of(server), AF_INET6);
		WANT(current_form(server), AF_INET6);
		FAILS(form(server, AF_INET6), EINVAL);
		FAILS(form(server, AF_UNIX), EINVAL);
		WANT(form(server, AF_INET), 0);
		is_v4(server, port_of(&own));
		/* The connection is as it was. */
		WANT(send(client, "there", 5, 0), 5);
		WANT(recv(server, line, sizeof line, 0), 5);
		WANT(send(server, "back", 4, 0), 4);
		WANT(recv(client, line, sizeof line, 0), 4);
		snprintf(line, sizeof line, "0100007F:%04X 0100007F:%04X", port_of(&a), port_of(&own));
		CHECK(strstr(text_of("/proc/net/tcp"), line));
		/* A listener of the other family. */
		disconnect(server);
		WANT(bind(server, &any.any, any.length), -1);
		WANT(bind(server, &wildcard.any, wildcard.length), 0);
		WANT(listen(server, 5), 0);
		own = name_of(server);
		WANT(own.any.sa_family, AF_INET);
		own = loopback(AF_INET, port_of(&own));
		other = NEED(socket(AF_INET, SOCK_STREAM, 0));
		WANT(connect(other, &own.any, own.length), 0);
		close(client);
		client = accept(server, NULL, NULL);
		CHECK(client >= 0);
		WANT(domain_of(client), AF_INET);
		close(client);
		close(other);
		close(server);
	}
	close(listener);

	pair = tcp_pair(AF_INET6);
	WANT(current_form(pair.client), AF_INET6);
	FAILS(form(pair.client, AF_INET), EADDRNOTAVAIL);
	close(pair.client);
	close(pair.server);
	client = NEED(socket(AF_INET6, SOCK_STREAM, 0));
	FAILS(form(client, AF_INET), ENOTCONN);
	FAILS(form(client, AF_INET6), EINVAL);
	FAILS(setsockopt(client, IPPROTO_IPV6, IPV6_ADDRFORM, &(short){ AF_INET }, 2), EINVAL);
	close(client);
	/* One that connects itself. */
	listener = tcp_listen(AF_INET, &a);
	any.v6.sin6_port = htons(port_of(&a));
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &any.v6.sin6_addr);
	client = NEED(socket(AF_INET6, SOCK_STREAM, 0));
	NEED(connect(client, &any.any, any.length));
	WANT(form(client, AF_INET), 0);
	is_v4(client, port_of(&a));
	close(client);
	close(listener);
}

static void udp(void)
{
	struct address a, own, mapped = { .v6 = { .sin6_family = AF_INET6 }, .length = sizeof mapped.v6 };
	int server = bound(AF_INET, SOCK_DGRAM, &a), fd = NEED(socket(AF_INET6, SOCK_DGRAM, 0)), on = 1, raw;
	char byte;

	mapped.v6.sin6_port = htons(port_of(&a));
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.v6.sin6_addr);
	FAILS(form(fd, AF_INET), ENOTCONN);
	NEED(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on));
	NEED(connect(fd, &mapped.any, mapped.length));
	WANT(form(fd, AF_INET), 0);
	is_v4(fd, port_of(&a));
	own = name_of(fd);
	WANT(send(fd, "x", 1, 0), 1);
	a = no_address();
	WANT(recvfrom(server, &byte, 1, 0, &a.any, &a.length), 1);
	CHECK(same_address(&a, &own));
	WANT(sendto(server, "y", 1, 0, &a.any, a.length), 1);
	a = no_address();
	WANT(recvfrom(fd, &byte, 1, 0, &a.any, &a.length), 1);
	WANT(a.any.sa_family, AF_INET);
	disconnect(fd);
	FAILS(sendto(fd, "x", 1, 0, &mapped.any, mapped.length), EAFNOSUPPORT);
	a = name_of(server);
	WANT(sendto(fd, "x", 1, 0, &a.any, a.length), 1);
	close(fd);
	close(server);

	server = bound(AF_INET6, SOCK_DGRAM, &a);
	fd = NEED(socket(AF_INET6, SOCK_DGRAM, 0));
	NEED(connect(fd, &a.any, a.length));
	WANT(current_form(fd), AF_INET6);
	FAILS(form(fd, AF_INET), EADDRNOTAVAIL);
	close(fd);
	close(server);
	raw = socket(AF_INET6, SOCK_RAW, 200);
	if (raw >= 0)
		FAILS(form(raw, AF_INET), ENOPROTOOPT);
	close(raw);
}

int main(void)
{
	tcp();
	udp();
	return done();
}
