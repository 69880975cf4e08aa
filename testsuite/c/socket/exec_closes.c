/*
 * exec(2) closes what SOCK_CLOEXEC marked and keeps the rest: the connection lives on in
 * the new program.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <sys/wait.h>

int main(int count, char **words)
{
	char number[16], *argv[] = { words[0], number, NULL };
	struct pair kept;
	char byte = 0;
	pid_t child;

	if (count > 1)
		return write(atoi(words[1]), "k", 1) != 1 || fcntl(atoi(words[1]) + 1, F_GETFD) != -1;
	kept = tcp_pair(AF_INET);
	NEED(dup2(kept.server, 60));
	NEED(dup2(NEED(socket(AF_INET, SOCK_DGRAM, 0)), kept.client + 1));
	NEED(fcntl(60, F_SETFD, FD_CLOEXEC));
	NEED(fcntl(kept.client + 1, F_SETFD, FD_CLOEXEC));
	snprintf(number, sizeof number, "%d", kept.client);
	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		execv("/proc/self/exe", argv);
		_exit(9);
	}
	CHECK(left_well(child));
	WANT(recv(60, &byte, 1, 0), 1);
	WANT(byte, 'k');
	return done();
}
