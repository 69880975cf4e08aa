/*
 * SO_ATTACH_FILTER refuses what breaks a rule: socket(7), Documentation/networking/filter.rst.
 *
 * Agrees: Linux 6.18.
 */
#include "check.h"
#include <linux/filter.h>
#include <sys/socket.h>

static int fd;

static int attach(struct sock_filter *code, int count)
{
	struct sock_fprog prog = { count, code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog);
}

#define PROGRAM(...) ({ struct sock_filter code[] = { __VA_ARGS__ }; attach(code, sizeof code / sizeof *code); })
#define RET BPF_STMT(BPF_RET | BPF_K, 0xffff)

int main(void)
{
	struct sock_fprog prog = { 1, NULL };
	static struct sock_filter many[4097];

	fd = NEED(socket(AF_INET, SOCK_DGRAM, 0));
	WANT(PROGRAM(RET), 0);
	/* Lengths and pointers. */
	FAILS(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog), EINVAL);
	prog.filter = nowhere;
	FAILS(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog), EFAULT);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog - 1), EINVAL);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog + 8), EINVAL);
	for (int i = 0; i < 4097; i++)
		many[i] = (struct sock_filter)RET;
	FAILS(attach(many, 0), EINVAL);
	FAILS(attach(many, 4097), EINVAL);
	WANT(attach(many, 4096), 0);
	/* The end. */
	FAILS(PROGRAM(BPF_STMT(BPF_LD | BPF_IMM, 1)), EINVAL);
	WANT(PROGRAM(BPF_STMT(BPF_RET | BPF_A, 0)), 0);
	/* Instructions that do not exist. */
	FAILS(PROGRAM(BPF_STMT(0x18, 0), RET), EINVAL);
	FAILS(PROGRAM(BPF_STMT(0xff, 0), RET), EINVAL);
	FAILS(PROGRAM(BPF_STMT(BPF_LDX | BPF_W | BPF_ABS, 0), RET), EINVAL);
	/* Constants. */
	FAILS(PROGRAM(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET), EINVAL);
	FAILS(PROGRAM(BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 0), RET), EINVAL);
	FAILS(PROGRAM(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RET), EINVAL);
	WANT(PROGRAM(BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 31), RET), 0);
	/* Jumps. */
	FAILS(PROGRAM(BPF_STMT(BPF_JMP | BPF_JA, 1), RET), EINVAL);
	FAILS(PROGRAM(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), RET), EINVAL);
	FAILS(PROGRAM(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), RET), EINVAL);
	WANT(PROGRAM(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 1, 0), RET, RET), 0);
	/* Memory. */
	FAILS(PROGRAM(BPF_STMT(BPF_ST, 16), RET), EINVAL);
	FAILS(PROGRAM(BPF_STMT(BPF_LD | BPF_MEM, 0), RET), EINVAL);
	FAILS(PROGRAM(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), BPF_STMT(BPF_ST, 2), BPF_STMT(BPF_LDX | BPF_MEM, 2), RET), EINVAL);
	WANT(PROGRAM(BPF_STMT(BPF_STX, 15), BPF_STMT(BPF_LD | BPF_MEM, 15), RET), 0);
	/* What there is besides the bytes. */
	WANT(PROGRAM(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_VLAN_TPID), RET), 0);
	WANT(PROGRAM(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SKF_AD_OFF + SKF_AD_PAY_OFFSET), RET), 0);
	FAILS(PROGRAM(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_MAX), RET), EINVAL);
	FAILS(PROGRAM(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + 2), RET), EINVAL);
	WANT(PROGRAM(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_NET_OFF), RET), 0);
	return done();
}
