/*
 * raw.h: structures as the kernel has them, for bare system calls. musl's differ: it keeps POSIX's
 * narrower lengths beside padding that its own wrappers clear.
 */
#ifndef RAW_H
#define RAW_H

#include <sys/uio.h>

struct raw_msghdr {
	void *msg_name;
	int msg_namelen;
	struct iovec *msg_iov;
	size_t msg_iovlen;
	void *msg_control;
	size_t msg_controllen;
	unsigned msg_flags;
};

struct raw_mmsghdr {
	struct raw_msghdr msg_hdr;
	unsigned msg_len;
};

#endif
