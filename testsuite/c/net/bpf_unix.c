/*
 * A filter on an AF_UNIX datagram socket sees the message; what it drops counts as sent: unix(7), socket(7).
 *
 * Agrees: Linux 6.18.
 */
#include "check.h"
#include <linux/filter.h>
#include <sys/socket.h>

int main(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'd', 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'c', 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 2),
		BPF_STMT(BPF_RET | BPF_K, -1),
	};
	struct sock_fprog prog = { sizeof code / sizeof *code, code };
	char data[8];
	int kinds[] = { SOCK_DGRAM, SOCK_SEQPACKET }, pair[2];

	for (int i = 0; i < 2; i++) {
		NEED(socketpair(AF_UNIX, kinds[i], 0, pair));
		WANT(setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog), 0);
		WANT(send(pair[0], "drop", 4, 0), 4);
		FAILS(recv(pair[1], data, sizeof data, MSG_DONTWAIT), EAGAIN);
		WANT(send(pair[0], "cut", 3, 0), 3);
		WANT(recv(pair[1], data, sizeof data, MSG_DONTWAIT), 2);
		WANT(send(pair[0], "whole", 5, 0), 5);
		WANT(recv(pair[1], data, sizeof data, MSG_DONTWAIT), 5);
	}
	/* A stream takes a filter and has no packets to show it. */
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	WANT(setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog), 0);
	WANT(send(pair[0], "drop", 4, 0), 4);
	WANT(recv(pair[1], data, sizeof data, MSG_DONTWAIT), 4);
	return done();
}
