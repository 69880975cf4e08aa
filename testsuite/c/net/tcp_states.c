/*
 * What calls do in states that do not suit them: shutdown without a connection has its
 * effect and says ENOTCONN; connect after a refusal; accept of a connection that was
 * reset meanwhile; listen again; the end of a listener with connections waiting
 * (shutdown(2), connect(2), accept(2), listen(2)).
 * Agrees: Linux 7.2.
 */
#include "net.h"

static char byte;
static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

static void shut_early(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address), fd = NEED(socket(family, SOCK_STREAM, 0)), server;

	WANT(ready(fd, POLLIN | POLLOUT | POLLRDHUP, 0), POLLOUT | POLLHUP);
	FAILS(shutdown(fd, SHUT_RD), ENOTCONN);
	WANT(ready(fd, POLLIN | POLLOUT | POLLRDHUP, 0), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	FAILS(shutdown(fd, SHUT_WR), ENOTCONN);
	FAILS(shutdown(fd, 3), EINVAL);
	FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(recv(fd, &byte, 1, 0), 0);
	WANT(connect(fd, &address.any, address.length), 0);
	server = NEED(accept(listener, NULL, NULL));
	FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	NEED(send(server, "y", 1, 0));
	sleep_ms(20);
	WANT(recv(fd, &byte, 1, 0), 1);
	WANT(recv(fd, &byte, 1, 0), 0);
	close(fd);
	close(server);
	close(listener);
}

static void again(int family)
{
	struct address address = nobody(family, SOCK_STREAM);
	int fd = NEED(socket(family, SOCK_STREAM, 0)), listener;

	FAILS(connect(fd, &address.any, address.length), ECONNREFUSED);
	FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(recv(fd, &byte, 1, 0), ENOTCONN);
	listener = tcp_listen(family, &address);
	WANT(connect(fd, &address.any, address.length), 0);
	FAILS(connect(fd, &address.any, address.length), EISCONN);
	FAILS(listen(fd, 1), EINVAL);
	close(fd);
	close(listener);
}

static void reset_before_accept(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address), fd = NEED(socket(family, SOCK_STREAM, 0)), server;
	struct sockaddr_storage storage;
	socklen_t length = sizeof storage;

	NEED(connect(fd, &address.any, address.length));
	NEED(send(fd, "data", 4, 0));
	NEED(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
	close(fd);
	sleep_ms(50);
	CHECK(ready(listener, POLLIN, 0) & POLLIN);
	server = NEED(accept(listener, (struct sockaddr *)&storage, &length));
	WANT(storage.ss_family, family);
	length = sizeof storage;
	FAILS(getpeername(server, (struct sockaddr *)&storage, &length), ENOTCONN);
	CHECK((ready(server, POLLIN | POLLOUT, 0) & (POLLERR | POLLHUP | POLLIN)) == (POLLERR | POLLHUP | POLLIN));
	FAILS(send(server, "x", 1, MSG_NOSIGNAL), ECONNRESET);
	FAILS(send(server, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(shutdown(server, SHUT_WR), ENOTCONN);
	close(server);
	close(listener);
}

static void listens(int family)
{
	struct address address;
	int listener = tcp_listen(family, &address), fd[6], got;

	WANT(listen(listener, 1), 0);
	for (int i = 0; i < 6; i++) {
		fd[i] = NEED(socket(family, SOCK_STREAM, 0));
		set_nonblocking(fd[i]);
		FAILS(connect(fd[i], &address.any, address.length), EINPROGRESS);
		if (i < 2)
			CHECK(ready(fd[i], POLLOUT, 500) & POLLOUT);
		else if (i == 2)
			WANT(ready(fd[i], POLLOUT, 300), 0);
		if (i == 2)
			WANT(listen(listener, 8), 0);
		if (i > 2)
			CHECK(ready(fd[i], POLLOUT, 500) & POLLOUT);
	}
	/* The one that found no room tries again after a second. */
	CHECK(ready(fd[2], POLLOUT, 3000) & POLLOUT);
	WANT(get_int(fd[2], SOL_SOCKET, SO_ERROR), 0);
	got = NEED(accept(listener, NULL, NULL));
	close(got);

	FAILS(connect(listener, &address.any, address.length), EISCONN);
	FAILS(send(listener, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(recv(listener, &byte, 1, 0), ENOTCONN);
	WANT(shutdown(listener, SHUT_WR), 0);
	WANT(get_int(listener, SOL_SOCKET, SO_ACCEPTCONN), 1);
	close(listener);
	/* Nobody will accept the others: they are reset. */
	for (int i = 1; i < 6; i++) {
		CHECK(ready(fd[i], POLLIN, 1000) & POLLERR);
		FAILS(recv(fd[i], &byte, 1, 0), ECONNRESET);
		WANT(recv(fd[i], &byte, 1, 0), 0);
		FAILS(send(fd[i], "x", 1, MSG_NOSIGNAL), EPIPE);
		close(fd[i]);
	}
	close(fd[0]);
}

static void shut_listener(int family)
{
	struct address address, same;
	int listener = tcp_listen(family, &address), fd = NEED(socket(family, SOCK_STREAM, 0));

	NEED(connect(fd, &address.any, address.length));
	WANT(shutdown(listener, SHUT_RD), 0);
	WANT(get_int(listener, SOL_SOCKET, SO_ACCEPTCONN), 0);
	FAILS(accept(listener, NULL, NULL), EINVAL);
	CHECK(ready(fd, POLLIN, 1000) & POLLERR);
	FAILS(recv(fd, &byte, 1, 0), ECONNRESET);
	close(fd);
	same = name_of(listener);
	WANT(same_address(&same, &address), 1);
	WANT(listen(listener, 3), 0);
	address = name_of(listener);
	fd = NEED(socket(family, SOCK_STREAM, 0));
	WANT(connect(fd, &address.any, address.length), 0);
	close(fd);
	close(listener);
}

static void test(int family)
{
	shut_early(family);
	again(family);
	reset_before_accept(family);
	listens(family);
	shut_listener(family);
}

int main(void)
{
	for_both(test);
	return done();
}
