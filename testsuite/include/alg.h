/*
 * alg.h: AF_ALG sockets for test programs.
 *
 *     int bound = alg_bind("hash", "sha256"), fd = NEED(accept(bound, NULL, NULL));
 *     alg_send(fd, ALG_OP_ENCRYPT, iv, 16, -1, data, length, MSG_MORE);
 */
#ifndef ALG_H
#define ALG_H

#include "check.h"

#include <linux/if_alg.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifndef SOL_ALG
#define SOL_ALG 279
#endif

/* A socket of the family; ends the program with a skipped check where there is none. */
static inline int alg_socket(void)
{
	int fd = socket(AF_ALG, SOCK_SEQPACKET, 0);

	if (fd < 0 && errno == EAFNOSUPPORT)
		exit(skip("no AF_ALG"));
	return NEED(fd);
}

static inline int alg_try_bind(int fd, const char *type, const char *name)
{
	struct sockaddr_alg addr = { .salg_family = AF_ALG };

	strncpy((char *)addr.salg_type, type, sizeof addr.salg_type - 1);
	strncpy((char *)addr.salg_name, name, sizeof addr.salg_name - 1);
	return bind(fd, (struct sockaddr *)&addr, sizeof addr);
}

static inline int alg_bind(const char *type, const char *name)
{
	int fd = alg_socket();

	NEED(alg_try_bind(fd, type, name));
	return fd;
}

/* Sends `data` with an operation and, where given, an initialisation vector and a length of associated data. */
static inline ssize_t alg_send(int fd, int op, const void *iv, int iv_len, int assoc, const void *data, size_t len, int flags)
{
	char control[256] __attribute__((aligned(8))) = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *item = CMSG_FIRSTHDR(&message);
	size_t used = CMSG_SPACE(4);

	item->cmsg_level = SOL_ALG;
	item->cmsg_type = ALG_SET_OP;
	item->cmsg_len = CMSG_LEN(4);
	*(unsigned *)CMSG_DATA(item) = op;
	if (iv) {
		struct af_alg_iv *to;

		item = (struct cmsghdr *)(control + used);
		item->cmsg_level = SOL_ALG;
		item->cmsg_type = ALG_SET_IV;
		item->cmsg_len = CMSG_LEN(sizeof *to + iv_len);
		to = (struct af_alg_iv *)CMSG_DATA(item);
		to->ivlen = iv_len;
		memcpy(to->iv, iv, iv_len);
		used += CMSG_SPACE(sizeof *to + iv_len);
	}
	if (assoc >= 0) {
		item = (struct cmsghdr *)(control + used);
		item->cmsg_level = SOL_ALG;
		item->cmsg_type = ALG_SET_AEAD_ASSOCLEN;
		item->cmsg_len = CMSG_LEN(4);
		*(unsigned *)CMSG_DATA(item) = assoc;
		used += CMSG_SPACE(4);
	}
	message.msg_controllen = used;
	return sendmsg(fd, &message, flags);
}

#endif
