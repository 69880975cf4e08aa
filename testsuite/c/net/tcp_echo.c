/*
 * A TCP server echoes what a client in another process sends, whole and in order:
 * socket(2), bind(2), listen(2), accept(2), connect(2), send(2), recv(2), shutdown(2).
 * Agrees: Linux 6.18.
 */
#include "net.h"

#define TOTAL 300000

static void client(const struct address *server)
{
	static unsigned char sent[TOTAL], got[TOTAL];
	int fd = NEED(socket(server->any.sa_family, SOCK_STREAM, 0));
	pid_t reader;
	int status;

	for (int i = 0; i < TOTAL; i++)
		sent[i] = i * 31 + i / 251;
	NEED(connect(fd, &server->any, server->length));
	fflush(stdout);
	reader = NEED(fork());
	if (reader == 0) {
		ssize_t n = recv_all(fd, got, TOTAL);

		if (n != TOTAL)
			printf("# %zd bytes came back: %s\n", n, check_errno(errno));
		for (ssize_t at = 0; at < n; at++)
			if (got[at] != sent[at]) {
				printf("# byte %zd differs\n", at);
				_exit(3);
			}
		_exit(n == TOTAL ? 0 : 2);
	}
	for (ssize_t at = 0; at < TOTAL;)
		at += NEED(send(fd, sent + at, TOTAL - at, 0));
	NEED(shutdown(fd, SHUT_WR));
	NEED(waitpid(reader, &status, 0));
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void test(int family)
{
	struct address address, peer = { .length = sizeof peer.storage };
	int listener = tcp_listen(family, &address);
	char buffer[4096];
	int fd, status;
	ssize_t n, total = 0;
	pid_t child;

	fflush(stdout);
	child = NEED(fork());
	if (child == 0)
		client(&address);
	fd = NEED(accept(listener, &peer.any, &peer.length));
	WANT(peer.any.sa_family, family);
	while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0) {
		for (ssize_t at = 0; at < n;)
			at += NEED(send(fd, buffer + at, n - at, 0));
		total += n;
	}
	WANT(n, 0);
	WANT(total, TOTAL);
	close(fd);
	NEED(waitpid(child, &status, 0));
	WANT(status, 0);
	close(listener);
}

int main(void)
{
	for_both(test);
	return done();
}
