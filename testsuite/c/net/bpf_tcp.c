/*
 * A listener's filter sees SYNs, and accepted connections inherit it: Documentation/networking/filter.rst.
 *
 * Agrees: Linux 6.18.
 */
#include "net.h"
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>

int main(void)
{
	/* Segments whose first byte of payload is 'x' are lost. */
	struct sock_filter no_x[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 2),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x3c),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'x', 1, 0),
		BPF_STMT(BPF_RET | BPF_K, -1),
		BPF_STMT(BPF_RET | BPF_K, 0),
	}, none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { sizeof no_x / sizeof *no_x, no_x }, nothing = { 1, &none };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof to;
	int listener = NEED(socket(AF_INET, SOCK_STREAM, 0));
	int client = NEED(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)), server, value = 0;
	struct pollfd ready;
	char data[8];

	NEED(bind(listener, (struct sockaddr *)&to, sizeof to));
	NEED(getsockname(listener, (struct sockaddr *)&to, &len));
	NEED(listen(listener, 4));

	/* No SYN gets through. */
	WANT(setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &nothing, sizeof nothing), 0);
	FAILS(connect(client, (struct sockaddr *)&to, sizeof to), EINPROGRESS);
	ready = (struct pollfd){ client, POLLOUT, 0 };
	WANT(poll(&ready, 1, 200), 0);
	close(client);

	WANT(setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog), 0);
	client = NEED(socket(AF_INET, SOCK_STREAM, 0));
	WANT(connect(client, (struct sockaddr *)&to, sizeof to), 0);
	server = NEED(accept(listener, NULL, NULL));
	WANT(send(client, "abc", 3, 0), 3);
	WANT(recv(server, data, sizeof data, 0), 3);
	WANT(send(client, "xyz", 3, 0), 3);
	ready = (struct pollfd){ server, POLLIN, 0 };
	WANT(poll(&ready, 1, 200), 0);
	/* It is sent again, and gets through once the filter is gone. */
	WANT(setsockopt(server, SOL_SOCKET, SO_DETACH_FILTER, &value, sizeof value), 0);
	WANT(poll(&ready, 1, 5000), 1);
	WANT(recv(server, data, sizeof data, 0), 3);
	return done();
}
