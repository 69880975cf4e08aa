/*
 * Pointers that are wrong, in every argument of the socket calls: EFAULT, and what comes before
 * it; what is lost and what stays. How much a stream moves in front of a fault is not asked.
 * bind(2), connect(2), accept(2), getsockname(2), getsockopt(2), send(2), recv(2), recvmmsg(2).
 *
 * A row: the answers for a null pointer; 8; a page that is not there; one that may not be
 * touched; one that may only be read; four bytes in front of a page that is not there; addresses
 * of the kernel, of the middle, of the end; an odd address that is good.
 * Agrees: Linux 7.2.
 */
#include "net.h"
#include "raw.h"
#include "table.h"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static const struct row linux_says[] = {
	{ "bind", "EFAULT EFAULT EFAULT EFAULT 0 EFAULT EFAULT EFAULT EFAULT 0" },
	{ "bind with a length of 200", "EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "bind with a length of -1", "EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "bind with a length of 0", "EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "bind with a length of 4", "EFAULT EFAULT EFAULT EFAULT EINVAL EINVAL EFAULT EFAULT EFAULT EINVAL" },
	{ "bind of nothing", "EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF" },
	{ "bind of a file", "ENOTSOCK ENOTSOCK ENOTSOCK ENOTSOCK ENOTSOCK ENOTSOCK ENOTSOCK ENOTSOCK ENOTSOCK ENOTSOCK" },
	{ "connect", "EFAULT EFAULT EFAULT EFAULT 0 EFAULT EFAULT EFAULT EFAULT 0" },
	{ "connect with a length of 1", "EFAULT EFAULT EFAULT EFAULT EINVAL EINVAL EFAULT EFAULT EFAULT EINVAL" },
	{ "sendto, address", "EDESTADDRREQ/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 1/1 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 1/1" },
	{ "sendto, address of 200", "EDESTADDRREQ EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "getsockname, address", "EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 0/16" },
	{ "getsockname, address, no room", "0/16 0/16 0/16 0/16 0/16 0/16 0/16 0/16 0/16 0/16" },
	{ "getsockname, address, room of 4", "EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 0/16 EFAULT/16 EFAULT/16 EFAULT/16 0/16" },
	{ "getsockname, address, room of -1", "EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1" },
	{ "getsockname, length", "EFAULT EFAULT EFAULT EFAULT EFAULT 0 EFAULT EFAULT EFAULT 0" },
	{ "getpeername, unconnected", "ENOTCONN ENOTCONN ENOTCONN ENOTCONN ENOTCONN ENOTCONN ENOTCONN ENOTCONN ENOTCONN ENOTCONN" },
	{ "accept, address", "99/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 99/16" },
	{ "accept, length", "EFAULT EFAULT EFAULT EFAULT EFAULT 99 EFAULT EFAULT EFAULT 99" },
	{ "accept, length, none waits", "EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN" },
	{ "accept, length, no listener", "EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP" },
	{ "accept, flags", "EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "socketpair", "EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT 0" },
	{ "socketpair of IPv4", "EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EOPNOTSUPP" },
	{ "setsockopt SO_KEEPALIVE", "EFAULT EFAULT EFAULT EFAULT 0 0 EFAULT EFAULT EFAULT 0" },
	{ "setsockopt SO_KEEPALIVE, length 3", "EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "setsockopt SO_KEEPALIVE, length -1", "EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "setsockopt SO_LINGER", "EFAULT EFAULT EFAULT EFAULT 0 EFAULT EFAULT EFAULT EFAULT 0" },
	{ "setsockopt SO_RCVTIMEO", "EFAULT EFAULT EFAULT EFAULT 0 EFAULT EFAULT EFAULT EFAULT 0" },
	{ "setsockopt SO_BINDTODEVICE", "EFAULT EFAULT EFAULT EFAULT ENODEV ENODEV EFAULT EFAULT EFAULT ENODEV" },
	{ "setsockopt of level 77", "ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT" },
	{ "setsockopt SOL_SOCKET 999", "EFAULT EFAULT EFAULT EFAULT ENOPROTOOPT ENOPROTOOPT EFAULT EFAULT EFAULT ENOPROTOOPT" },
	{ "setsockopt IP_TTL", "EFAULT EFAULT EFAULT EFAULT 0 0 EFAULT EFAULT EFAULT 0" },
	{ "setsockopt IP_TTL, length 1", "EFAULT EFAULT EFAULT EFAULT 0 0 EFAULT EFAULT EFAULT 0" },
	{ "setsockopt IP_TTL, length 0", "EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "setsockopt SOL_IP 999", "ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT" },
	{ "setsockopt IP_ADD_MEMBERSHIP", "errno 71 errno 71 errno 71 errno 71 errno 71 errno 71 errno 71 errno 71 errno 71 errno 71" },
	{ "setsockopt TCP_NODELAY", "EFAULT EFAULT EFAULT EFAULT 0 0 EFAULT EFAULT EFAULT 0" },
	{ "setsockopt TCP_CONGESTION", "EFAULT EFAULT EFAULT EFAULT ENOENT ENOENT EFAULT EFAULT EFAULT ENOENT" },
	{ "setsockopt SOL_TCP 999", "EFAULT EFAULT EFAULT EFAULT ENOPROTOOPT ENOPROTOOPT EFAULT EFAULT EFAULT ENOPROTOOPT" },
	{ "setsockopt SO_ATTACH_FILTER", "EFAULT EFAULT EFAULT EFAULT EINVAL EFAULT EFAULT EFAULT EFAULT EINVAL" },
	{ "setsockopt SO_ATTACH_FILTER, program", "EINVAL EFAULT EFAULT EFAULT EINVAL EFAULT EFAULT EFAULT EFAULT EINVAL" },
	{ "getsockopt SO_TYPE", "EFAULT/4 EFAULT/4 EFAULT/4 EFAULT/4 EFAULT/4 0/4 EFAULT/4 EFAULT/4 EFAULT/4 0/4" },
	{ "getsockopt SO_TYPE, no room", "0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0 0/0" },
	{ "getsockopt SO_TYPE, room of -1", "EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1 EINVAL/-1" },
	{ "getsockopt SO_TYPE, length", "EFAULT EFAULT EFAULT EFAULT EFAULT 0 EFAULT EFAULT EFAULT 0" },
	{ "getsockopt SOL_SOCKET 999", "ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT ENOPROTOOPT" },
	{ "getsockopt SOL_SOCKET 999, length", "EFAULT EFAULT EFAULT EFAULT ENOPROTOOPT ENOPROTOOPT EFAULT EFAULT EFAULT ENOPROTOOPT" },
	{ "getsockopt of level 77, length", "EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP" },
	{ "getsockopt IP_TTL", "EFAULT/4 EFAULT/4 EFAULT/4 EFAULT/4 EFAULT/4 0/4 EFAULT/4 EFAULT/4 EFAULT/4 0/4" },
	{ "getsockopt IP_TTL, length", "EFAULT EFAULT EFAULT EFAULT EFAULT 0 EFAULT EFAULT EFAULT 0" },
	{ "getsockopt SOL_IP 999, length", "EFAULT EFAULT EFAULT EFAULT ENOPROTOOPT ENOPROTOOPT EFAULT EFAULT EFAULT ENOPROTOOPT" },
	{ "getsockopt TCP_INFO", "EFAULT/104 EFAULT/104 EFAULT/104 EFAULT/104 EFAULT/104 EFAULT/104 EFAULT/104 EFAULT/104 EFAULT/104 0/104" },
	{ "getsockopt TCP_NODELAY, length", "EFAULT EFAULT EFAULT EFAULT EFAULT 0 EFAULT EFAULT EFAULT 0" },
	{ "getsockopt SOL_TCP 999, length", "EFAULT EFAULT EFAULT EFAULT ENOPROTOOPT ENOPROTOOPT EFAULT EFAULT EFAULT ENOPROTOOPT" },
	{ "getsockopt TCP_CONGESTION", "EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 EFAULT/16 0/16" },
	{ "setsockopt of nothing", "EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF" },
	{ "getsockopt of nothing", "EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF EBADF" },
	{ "write, TCP", "EFAULT EFAULT EFAULT EFAULT 8 - EFAULT EFAULT EFAULT 8" },
	{ "write of nothing, TCP", "0 0 0 0 0 - EFAULT EFAULT EFAULT 0" },
	{ "write of too much, TCP", "EFAULT EFAULT EFAULT EFAULT EFAULT - EFAULT EFAULT EFAULT EFAULT" },
	{ "writev, TCP", "EFAULT EFAULT EFAULT EFAULT 8 - EFAULT EFAULT EFAULT 8" },
	{ "writev, array, TCP", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "readv, array, TCP", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "read, TCP", "EFAULT/9 EFAULT/9 EFAULT/9 EFAULT/9 EFAULT/9 - EFAULT/9 EFAULT/9 EFAULT/9 8/1" },
	{ "send, TCP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 - EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "peek, TCP", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 - EFAULT/8 EFAULT/8 EFAULT/8 8/8" },
	{ "recv of nothing there, TCP", "EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EFAULT EFAULT EFAULT EAGAIN" },
	{ "recvfrom, address, TCP", "8/16/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN" },
	{ "recvfrom, length, TCP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/EAGAIN" },
	{ "sendmsg, header, TCP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, parts, TCP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, data, TCP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 - EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, name, TCP", "8 EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "sendmsg, control, TCP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EINVAL/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EINVAL/EAGAIN" },
	{ "recvmsg, header, TCP", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/EAGAIN EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, parts, TCP", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, data, TCP", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 - EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, name, TCP", "8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN" },
	{ "recvmsg, name of length -1, TCP", "8 EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "partly, TCP", "empty ones 10, just up to it 20" },
	{ "write, UDP", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "write of nothing, UDP", "0 0 0 0 0 0 EFAULT EFAULT EFAULT 0" },
	{ "write of too much, UDP", "EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT" },
	{ "writev, UDP", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "writev, array, UDP", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "readv, array, UDP", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "read, UDP", "EFAULT/1 EFAULT/1 EFAULT/1 EFAULT/1 EFAULT/1 EFAULT/1 EFAULT/8 EFAULT/8 EFAULT/8 8/1" },
	{ "send, UDP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "peek, UDP", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/8" },
	{ "recv of nothing there, UDP", "EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EFAULT EFAULT EFAULT EAGAIN" },
	{ "recvfrom, address, UDP", "8/16/EAGAIN EFAULT/16/EAGAIN EFAULT/16/EAGAIN EFAULT/16/EAGAIN EFAULT/16/EAGAIN EFAULT/16/EAGAIN EFAULT/16/EAGAIN EFAULT/16/EAGAIN EFAULT/16/EAGAIN 8/16/EAGAIN" },
	{ "recvfrom, length, UDP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/EAGAIN" },
	{ "sendmsg, header, UDP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, parts, UDP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, data, UDP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, name, UDP", "8 EFAULT EFAULT EFAULT EAFNOSUPPORT EFAULT EFAULT EFAULT EFAULT EAFNOSUPPORT" },
	{ "sendmsg, control, UDP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EINVAL/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EINVAL/EAGAIN" },
	{ "recvmsg, header, UDP", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/EAGAIN EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, parts, UDP", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, data, UDP", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, name, UDP", "8/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/EAGAIN" },
	{ "recvmsg, name of length -1, UDP", "8 EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "recvmsg, control, UDP", "8/0/8/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/24/0/EAGAIN" },
	{ "partly, UDP", "empty ones 10, just up to it 20, writev EFAULT/EAGAIN, over the edge EFAULT/EAGAIN, readv EFAULT/EAGAIN, over the edge EFAULT/EAGAIN" },
	{ "write, AF_UNIX stream", "EFAULT EFAULT EFAULT EFAULT 8 - EFAULT EFAULT EFAULT 8" },
	{ "write of nothing, AF_UNIX stream", "0 0 0 0 0 - EFAULT EFAULT EFAULT 0" },
	{ "write of too much, AF_UNIX stream", "EFAULT EFAULT EFAULT EFAULT EFAULT - EFAULT EFAULT EFAULT EFAULT" },
	{ "writev, AF_UNIX stream", "EFAULT EFAULT EFAULT EFAULT 8 - EFAULT EFAULT EFAULT 8" },
	{ "writev, array, AF_UNIX stream", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "readv, array, AF_UNIX stream", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "read, AF_UNIX stream", "EFAULT/9 EFAULT/9 EFAULT/9 EFAULT/9 EFAULT/9 - EFAULT/9 EFAULT/9 EFAULT/9 8/1" },
	{ "send, AF_UNIX stream", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 - EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "peek, AF_UNIX stream", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 - EFAULT/8 EFAULT/8 EFAULT/8 8/8" },
	{ "recv of nothing there, AF_UNIX stream", "EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EFAULT EFAULT EFAULT EAGAIN" },
	{ "recvfrom, address, AF_UNIX stream", "8/16/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN" },
	{ "recvfrom, length, AF_UNIX stream", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/EAGAIN" },
	{ "sendmsg, header, AF_UNIX stream", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, parts, AF_UNIX stream", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, data, AF_UNIX stream", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 - EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, name, AF_UNIX stream", "8 EFAULT EFAULT EFAULT EISCONN EFAULT EFAULT EFAULT EFAULT EISCONN" },
	{ "sendmsg, control, AF_UNIX stream", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EINVAL/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EINVAL/EAGAIN" },
	{ "recvmsg, header, AF_UNIX stream", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/EAGAIN EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, parts, AF_UNIX stream", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, data, AF_UNIX stream", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 - EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, name, AF_UNIX stream", "8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN" },
	{ "recvmsg, name of length -1, AF_UNIX stream", "8 EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "partly, AF_UNIX stream", "empty ones 10, just up to it 20" },
	{ "write, AF_UNIX datagrams", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "write of nothing, AF_UNIX datagrams", "0 0 0 0 0 0 EFAULT EFAULT EFAULT 0" },
	{ "write of too much, AF_UNIX datagrams", "EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT" },
	{ "writev, AF_UNIX datagrams", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "writev, array, AF_UNIX datagrams", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "readv, array, AF_UNIX datagrams", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "read, AF_UNIX datagrams", "EFAULT/1 EFAULT/1 EFAULT/1 EFAULT/1 EFAULT/1 EFAULT/1 EFAULT/8 EFAULT/8 EFAULT/8 8/1" },
	{ "send, AF_UNIX datagrams", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "peek, AF_UNIX datagrams", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/8" },
	{ "recv of nothing there, AF_UNIX datagrams", "EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EAGAIN EFAULT EFAULT EFAULT EAGAIN" },
	{ "recvfrom, address, AF_UNIX datagrams", "8/16/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN 8/0/EAGAIN" },
	{ "recvfrom, length, AF_UNIX datagrams", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/EAGAIN" },
	{ "sendmsg, header, AF_UNIX datagrams", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, parts, AF_UNIX datagrams", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, data, AF_UNIX datagrams", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8 EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN 8/8" },
	{ "sendmsg, name, AF_UNIX datagrams", "8 EFAULT EFAULT EFAULT EINVAL EFAULT EFAULT EFAULT EFAULT EINVAL" },
	{ "sendmsg, control, AF_UNIX datagrams", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EINVAL/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EINVAL/EAGAIN" },
	{ "recvmsg, header, AF_UNIX datagrams", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/EAGAIN EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, parts, AF_UNIX datagrams", "EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN EFAULT/8 EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, data, AF_UNIX datagrams", "EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/EAGAIN EFAULT/8 EFAULT/8 EFAULT/8 8/EAGAIN" },
	{ "recvmsg, name, AF_UNIX datagrams", "8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN 8/EAGAIN" },
	{ "recvmsg, name of length -1, AF_UNIX datagrams", "8 EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL" },
	{ "recvmsg, control, AF_UNIX datagrams", "8/0/8/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/0/0/EAGAIN 8/32/0/EAGAIN" },
	{ "partly, AF_UNIX datagrams", "empty ones 10, just up to it 20, writev EFAULT/EAGAIN, over the edge EFAULT/EAGAIN, readv EFAULT/EAGAIN, over the edge EFAULT/EAGAIN" },
	{ "write, pipe", "EFAULT EFAULT EFAULT EFAULT 8 - EFAULT EFAULT EFAULT 8" },
	{ "write of nothing, pipe", "0 0 0 0 0 - EFAULT EFAULT EFAULT 0" },
	{ "write of too much, pipe", "EFAULT EFAULT EFAULT EFAULT EFAULT - EFAULT EFAULT EFAULT EFAULT" },
	{ "writev, pipe", "EFAULT EFAULT EFAULT EFAULT 8 - EFAULT EFAULT EFAULT 8" },
	{ "writev, array, pipe", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "readv, array, pipe", "EFAULT EFAULT EFAULT EFAULT 8 EFAULT EFAULT EFAULT EFAULT 8" },
	{ "read, pipe", "EFAULT EFAULT EFAULT EFAULT EFAULT - EFAULT EFAULT EFAULT 8" },
	{ "partly, pipe", "empty ones 10, just up to it 20" },
	{ "writev of 1025", "EINVAL" },
	{ "writev of 1024", "1024" },
	{ "writev of -1", "EINVAL" },
	{ "writev of 0 at a bad address", "0" },
	{ "readv of 1025 at a bad address", "EINVAL" },
	{ "sendmsg of 1025", "EMSGSIZE" },
	{ "recvmsg of 1025", "EMSGSIZE" },
	{ "sendmsg of 1024", "1024" },
	{ "sendmsg of 2^32", "EMSGSIZE" },
	{ "writev, a length of -1", "EINVAL" },
	{ "sendmsg, a length of -1", "EINVAL" },
	{ "recvmsg, more than SSIZE_MAX", "EFAULT" },
	{ "readv, more than SSIZE_MAX", "EFAULT" },
	{ "readv, twice nearly SSIZE_MAX", "EFAULT" },
	{ "recv of SSIZE_MAX", "EFAULT" },
	{ "recv of -1", "EFAULT" },
	{ "sendmsg, control of -1", "ENOBUFS" },
	{ "sendmsg, control of INT_MAX", "ENOBUFS" },
	{ "sendmsg, control of a megabyte", "ENOBUFS" },
	{ "sendmmsg, the second is bad", "1" },
	{ "sendmmsg, over the edge", "1" },
	{ "sendmmsg at a bad address", "EFAULT" },
	{ "sendmmsg of none at a bad address", "0" },
	{ "recvmmsg, the second is bad", "1" },
	{ "recvmmsg, bad time", "EFAULT" },
	{ "recvmmsg at a bad address", "EFAULT" },
	{ "recvmmsg of a header that may only be read", "EFAULT" },
	{ "FIONREAD", "EFAULT EFAULT EFAULT EFAULT EFAULT 0 EFAULT EFAULT EFAULT 0" },
	{ "SIOCGIFFLAGS", "EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT 0" },
	{ "SIOCGIFCONF", "EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT 0" },
	{ "epoll_ctl", "EFAULT EFAULT EFAULT EFAULT 0 EFAULT EFAULT EFAULT EFAULT 0" },
	{ "epoll_ctl of nothing", "EFAULT EFAULT EFAULT EFAULT EBADF EFAULT EFAULT EFAULT EFAULT EBADF" },
	{ "epoll_pwait", "EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT 1" },
	{ "epoll_pwait, mask", "1 EFAULT EFAULT EFAULT 1 EFAULT EFAULT EFAULT EFAULT 1" },
	{ "ppoll", "EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT 1" },
	{ "ppoll, time", "1 EFAULT EFAULT EFAULT 1 EFAULT EFAULT EFAULT EFAULT 1" },
	{ "pselect6", "0 EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT EFAULT 0" },
	{ "sendto to netlink", "EFAULT EFAULT EFAULT EFAULT 16 EFAULT EFAULT EFAULT EFAULT 16" },
};

enum { KINDS = 10 };

static unsigned char *kinds[KINDS];
/* The good page; two pages of which the second is not there. */
static unsigned char *good, *edge;

static void make_kinds(void)
{
	unsigned char *map = NEED(mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	good = map + PAGE;
	edge = map + 12 * PAGE;
	NEED(munmap(map + 3 * PAGE, PAGE));
	NEED(mprotect(map + 5 * PAGE, PAGE, PROT_NONE));
	NEED(munmap(edge, PAGE));
	kinds[0] = NULL;
	kinds[1] = nowhere;
	kinds[2] = map + 3 * PAGE;
	kinds[3] = map + 5 * PAGE;
	kinds[4] = map + 7 * PAGE;
	kinds[5] = edge - 4;
	kinds[6] = (void *)-4096l;
	kinds[7] = (void *)(1ul << 63);
	kinds[8] = (void *)-1l;
	kinds[9] = good + 1;
}

/* What input there is: the same bytes wherever there can be some. */
static void give(const void *value, size_t length)
{
	NEED(mprotect(kinds[4], PAGE, PROT_READ | PROT_WRITE));
	memcpy(kinds[4], value, length);
	NEED(mprotect(kinds[4], PAGE, PROT_READ));
	memcpy(kinds[5], value, length < 4 ? length : 4);
	memcpy(kinds[9], value, length);
	memcpy(good + 64, value, length);
}

static char text[480];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	size_t at = strlen(text);
	va_list list;

	va_start(list, format);
	vsnprintf(text + at, sizeof text - at, format, list);
	va_end(list);
}

/* Set where a part of what is asked for may be moved: how much of it is a matter of buffers. */
static int some_is_right;

/* The call for each kind of pointer `p`. `before` and `after` are statements. */
#define EACH(name, before, call, after) \
	do { text[0] = 0; \
	     for (int k = 0; k < KINDS; k++) { \
		     unsigned char *p = kinds[k]; (void)p; \
		     if (k == 5 && some_is_right) { say(" -"); continue; } \
		     before; errno = 0; long got_ = (call); say("%s%s", k ? " " : "", answer(got_)); after; } \
	     ROW(name, "%s", text); } while (0)

#define S(name, ...) syscall(SYS_##name, __VA_ARGS__)

/* What a socket has left to read, without waiting. */
static void left(int fd)
{
	char rest[256];
	ssize_t got = recv(fd, rest, sizeof rest, MSG_DONTWAIT);

	say("/%s", answer(got));
}

static void addresses(void)
{
	struct address any = loopback(AF_INET, 0), peer;
	int fd = -1, udp = bound(AF_INET, SOCK_DGRAM, &peer), listener;
	socklen_t room = 16;

	give(&any.any, 16);
	EACH("bind", fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), S(bind, fd, p, 16), close(fd));
	EACH("bind with a length of 200", fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), S(bind, fd, p, 200), close(fd));
	EACH("bind with a length of -1", fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), S(bind, fd, p, -1), close(fd));
	EACH("bind with a length of 0", fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), S(bind, fd, p, 0), close(fd));
	EACH("bind with a length of 4", fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), S(bind, fd, p, 4), close(fd));
	EACH("bind of nothing", , S(bind, -1, p, 16), );
	EACH("bind of a file", , S(bind, 1, p, 16), );
	give(&peer.any, 16);
	EACH("connect", fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), S(connect, fd, p, 16), close(fd));
	EACH("connect with a length of 1", fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), S(connect, fd, p, 1), close(fd));
	EACH("sendto, address", fd = NEED(socket(AF_INET, SOCK_DGRAM, 0)), S(sendto, fd, "x", 1, 0, p, 16),
	     left(udp); close(fd));
	EACH("sendto, address of 200", , S(sendto, udp, "x", 1, 0, p, 200), );

	give(&room, 4);
	EACH("getsockname, address", room = 16, S(getsockname, udp, p, &room), say("/%d", room));
	EACH("getsockname, address, no room", room = 0, S(getsockname, udp, p, &room), say("/%d", room));
	EACH("getsockname, address, room of 4", room = 4, S(getsockname, udp, p, &room), say("/%d", room));
	EACH("getsockname, address, room of -1", room = -1, S(getsockname, udp, p, &room), say("/%d", room));
	EACH("getsockname, length", give(&room, 4); room = 16, S(getsockname, udp, good + 64, p), );
	EACH("getpeername, unconnected", room = 16, S(getpeername, udp, p, &room), );

	listener = tcp_listen(AF_INET, &peer);
	fd = NEED(socket(AF_INET, SOCK_STREAM, 0));
	EACH("accept, address", close(fd); fd = NEED(socket(AF_INET, SOCK_STREAM, 0)); NEED(connect(fd, &peer.any, 16));
	     room = 16, S(accept4, listener, p, &room, 0) > 2 ? 99 : -1, say("/%d%s", room, ready(listener, POLLIN, 0) ? " waits" : ""));
	while (ready(listener, POLLIN, 0))
		close(accept(listener, NULL, NULL));
	room = 16;
	EACH("accept, length", close(fd); fd = NEED(socket(AF_INET, SOCK_STREAM, 0)); NEED(connect(fd, &peer.any, 16));
	     give(&room, 4), S(accept4, listener, good + 128, p, 0) > 2 ? 99 : -1, say("%s", ready(listener, POLLIN, 0) ? " waits" : ""));
	while (ready(listener, POLLIN, 0))
		close(accept(listener, NULL, NULL));
	set_nonblocking(listener);
	EACH("accept, length, none waits", give(&room, 4), S(accept4, listener, good + 128, p, 0), );
	EACH("accept, length, no listener", give(&room, 4), S(accept4, udp, good + 128, p, 0), );
	EACH("accept, flags", give(&room, 4), S(accept4, listener, good + 128, p, 1), );
	close(fd);
	close(listener);
	close(udp);
	EACH("socketpair", , S(socketpair, AF_UNIX, SOCK_STREAM, 0, p), );
	EACH("socketpair of IPv4", , S(socketpair, AF_INET, SOCK_STREAM, 0, p), );
}

static void options(void)
{
	int fd = NEED(socket(AF_INET, SOCK_STREAM, 0)), one = 1;
	socklen_t room = 4;
	struct sock_fprog program = { 1, NULL };

	give(&one, 4);
	EACH("setsockopt SO_KEEPALIVE", , S(setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, p, 4), );
	EACH("setsockopt SO_KEEPALIVE, length 3", , S(setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, p, 3), );
	EACH("setsockopt SO_KEEPALIVE, length -1", , S(setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, p, -1), );
	EACH("setsockopt SO_LINGER", , S(setsockopt, fd, SOL_SOCKET, SO_LINGER, p, 8), );
	EACH("setsockopt SO_RCVTIMEO", , S(setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, p, 16), );
	EACH("setsockopt SO_BINDTODEVICE", , S(setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, p, 4), );
	EACH("setsockopt of level 77", , S(setsockopt, fd, 77, 1, p, 4), );
	EACH("setsockopt SOL_SOCKET 999", , S(setsockopt, fd, SOL_SOCKET, 999, p, 4), );
	EACH("setsockopt IP_TTL", , S(setsockopt, fd, SOL_IP, IP_TTL, p, 4), );
	EACH("setsockopt IP_TTL, length 1", , S(setsockopt, fd, SOL_IP, IP_TTL, p, 1), );
	EACH("setsockopt IP_TTL, length 0", , S(setsockopt, fd, SOL_IP, IP_TTL, p, 0), );
	EACH("setsockopt SOL_IP 999", , S(setsockopt, fd, SOL_IP, 999, p, 4), );
	EACH("setsockopt IP_ADD_MEMBERSHIP", , S(setsockopt, fd, SOL_IP, IP_ADD_MEMBERSHIP, p, 8), );
	EACH("setsockopt TCP_NODELAY", , S(setsockopt, fd, SOL_TCP, TCP_NODELAY, p, 4), );
	EACH("setsockopt TCP_CONGESTION", , S(setsockopt, fd, SOL_TCP, TCP_CONGESTION, p, 4), );
	EACH("setsockopt SOL_TCP 999", , S(setsockopt, fd, SOL_TCP, 999, p, 4), );
	EACH("setsockopt SO_ATTACH_FILTER", , S(setsockopt, fd, SOL_SOCKET, SO_ATTACH_FILTER, p, 16), );
	memset(good + 64, 0, 64);
	EACH("setsockopt SO_ATTACH_FILTER, program", program.filter = (void *)p,
	     S(setsockopt, fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, 16), );

	EACH("getsockopt SO_TYPE", room = 4, S(getsockopt, fd, SOL_SOCKET, SO_TYPE, p, &room), say("/%d", room));
	EACH("getsockopt SO_TYPE, no room", room = 0, S(getsockopt, fd, SOL_SOCKET, SO_TYPE, p, &room), say("/%d", room));
	EACH("getsockopt SO_TYPE, room of -1", room = -1, S(getsockopt, fd, SOL_SOCKET, SO_TYPE, p, &room), say("/%d", room));
	EACH("getsockopt SO_TYPE, length", room = 4; give(&room, 4), S(getsockopt, fd, SOL_SOCKET, SO_TYPE, good + 64, p), );
	EACH("getsockopt SOL_SOCKET 999", room = 4, S(getsockopt, fd, SOL_SOCKET, 999, p, &room), );
	EACH("getsockopt SOL_SOCKET 999, length", give(&room, 4), S(getsockopt, fd, SOL_SOCKET, 999, good + 64, p), );
	EACH("getsockopt of level 77, length", give(&room, 4), S(getsockopt, fd, 77, 1, good + 64, p), );
	EACH("getsockopt IP_TTL", room = 4, S(getsockopt, fd, SOL_IP, IP_TTL, p, &room), say("/%d", room));
	EACH("getsockopt IP_TTL, length", give(&room, 4), S(getsockopt, fd, SOL_IP, IP_TTL, good + 64, p), );
	EACH("getsockopt SOL_IP 999, length", give(&room, 4), S(getsockopt, fd, SOL_IP, 999, good + 64, p), );
	EACH("getsockopt TCP_INFO", room = 104, S(getsockopt, fd, SOL_TCP, TCP_INFO, p, &room), say("/%d", room));
	EACH("getsockopt TCP_NODELAY, length", room = 4; give(&room, 4), S(getsockopt, fd, SOL_TCP, TCP_NODELAY, good + 64, p), );
	EACH("getsockopt SOL_TCP 999, length", give(&room, 4), S(getsockopt, fd, SOL_TCP, 999, good + 64, p), );
	EACH("getsockopt TCP_CONGESTION", room = 16, S(getsockopt, fd, SOL_TCP, TCP_CONGESTION, p, &room), say("/%d", room));
	close(fd);
	EACH("setsockopt of nothing", , S(setsockopt, -1, SOL_SOCKET, SO_KEEPALIVE, p, 4), );
	EACH("getsockopt of nothing", , S(getsockopt, -1, SOL_SOCKET, SO_KEEPALIVE, p, p), );
}

/* A pair of the kind: 0 TCP, 1 UDP, 2 AF_UNIX stream, 3 AF_UNIX datagrams, 4 a pipe, which has no message calls. */
static struct pair ends(int kind)
{
	int both[2];

	switch (kind) {
	case 0: return tcp_pair(AF_INET);
	case 1: return udp_pair(AF_INET);
	case 2: NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, both)); break;
	case 3: NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, both)); break;
	default: NEED(pipe(both)); return (struct pair) { both[1], both[0] };
	}
	return (struct pair) { both[0], both[1] };
}

static const char *const kind_names[] = { "TCP", "UDP", "AF_UNIX stream", "AF_UNIX datagrams", "pipe" };

static const char *named(const char *what, int kind)
{
	static char name[96];

	snprintf(name, sizeof name, "%s, %s", what, kind_names[kind]);
	return name;
}

static void transfers(int kind)
{
	struct pair e = { -1, -1 };
	struct iovec part;
	struct raw_msghdr m;

	give("abcdefgh", 8);
#define FRESH e = ends(kind); memset(&m, 0, sizeof m); part = (struct iovec) { good + 64, 8 }; m.msg_iov = &part; m.msg_iovlen = 1
	some_is_right = kind % 2 == 0;
	EACH(named("write", kind), FRESH, S(write, e.client, p, 8), close_pair(e));
	EACH(named("write of nothing", kind), FRESH, S(write, e.client, p, 0), close_pair(e));
	EACH(named("write of too much", kind), FRESH, S(write, e.client, p, -1l), close_pair(e));
	EACH(named("writev", kind), FRESH; part.iov_base = p, S(writev, e.client, &part, 1), close_pair(e));
	some_is_right = 0;
	EACH(named("writev, array", kind), FRESH; give(&part, sizeof part), S(writev, e.client, p, 1), close_pair(e));
	EACH(named("readv, array", kind), FRESH; give(&part, sizeof part); NEED(write(e.client, "abcdefgh", 8)),
	     S(readv, e.server, p, 1), close_pair(e));
	some_is_right = kind % 2 == 0;
	EACH(named("read", kind), FRESH; NEED(write(e.client, "abcdefgh", 8)), S(read, e.server, p, 8),
	     NEED(write(e.client, "z", 1)); if (kind < 4) { sleep_ms(1); left(e.server); } close_pair(e));
	if (kind == 4) {
		some_is_right = 0;
		return;
	}
	EACH(named("send", kind), FRESH, S(sendto, e.client, p, 8, 0, NULL, 0), left(e.server); close_pair(e));
	EACH(named("peek", kind), FRESH; NEED(write(e.client, "abcdefgh", 8)), S(recvfrom, e.server, p, 8, MSG_PEEK, NULL, NULL),
	     left(e.server); close_pair(e));
	some_is_right = 0;
	EACH(named("recv of nothing there", kind), FRESH, S(recvfrom, e.server, p, 8, MSG_DONTWAIT, NULL, NULL), close_pair(e));
	EACH(named("recvfrom, address", kind), FRESH; NEED(write(e.client, "abcdefgh", 8)); socklen_t room = 16,
	     S(recvfrom, e.server, good + 64, 8, 0, p, &room), say("/%d", room); left(e.server); close_pair(e));
	EACH(named("recvfrom, length", kind), FRESH; NEED(write(e.client, "abcdefgh", 8)); socklen_t room = 16; give(&room, 4),
	     S(recvfrom, e.server, good + 64, 8, 0, good + 128, p), left(e.server); close_pair(e));
	EACH(named("sendmsg, header", kind), FRESH; give(&m, sizeof m), S(sendmsg, e.client, p, 0), left(e.server); close_pair(e));
	EACH(named("sendmsg, parts", kind), FRESH; give(&part, sizeof part); m.msg_iov = (void *)p, S(sendmsg, e.client, &m, 0),
	     left(e.server); close_pair(e));
	some_is_right = kind % 2 == 0;
	EACH(named("sendmsg, data", kind), FRESH; part.iov_base = p, S(sendmsg, e.client, &m, 0), left(e.server); close_pair(e));
	some_is_right = 0;
	EACH(named("sendmsg, name", kind), FRESH; m.msg_name = p; m.msg_namelen = 16, S(sendmsg, e.client, &m, MSG_NOSIGNAL),
	     close_pair(e));
	EACH(named("sendmsg, control", kind), FRESH; m.msg_control = p; m.msg_controllen = 20, S(sendmsg, e.client, &m, 0),
	     left(e.server); close_pair(e));
	EACH(named("recvmsg, header", kind), FRESH; give(&m, sizeof m); NEED(write(e.client, "abcdefgh", 8)),
	     S(recvmsg, e.server, p, 0), left(e.server); close_pair(e));
	EACH(named("recvmsg, parts", kind), FRESH; give(&part, sizeof part); m.msg_iov = (void *)p; NEED(write(e.client, "abcdefgh", 8)),
	     S(recvmsg, e.server, &m, 0), left(e.server); close_pair(e));
	some_is_right = kind % 2 == 0;
	EACH(named("recvmsg, data", kind), FRESH; part.iov_base = p; NEED(write(e.client, "abcdefgh", 8)),
	     S(recvmsg, e.server, &m, 0), left(e.server); close_pair(e));
	some_is_right = 0;
	EACH(named("recvmsg, name", kind), FRESH; m.msg_name = p; m.msg_namelen = 16; NEED(write(e.client, "abcdefgh", 8)),
	     S(recvmsg, e.server, &m, 0), left(e.server); close_pair(e));
	EACH(named("recvmsg, name of length -1", kind), FRESH; m.msg_name = p; m.msg_namelen = -1; NEED(write(e.client, "abcdefgh", 8)),
	     S(recvmsg, e.server, &m, 0), close_pair(e));
	if (kind == 1) {
		EACH("recvmsg, control, UDP", FRESH; set_int(e.server, SOL_IP, IP_RECVTTL, 1); m.msg_control = p; m.msg_controllen = 64;
		     NEED(write(e.client, "abcdefgh", 8)), S(recvmsg, e.server, &m, 0),
		     say("/%zu/%x", m.msg_controllen, m.msg_flags); left(e.server); close_pair(e));
	} else if (kind == 3) {
		EACH("recvmsg, control, AF_UNIX datagrams", FRESH; set_int(e.server, SOL_SOCKET, SO_PASSCRED, 1); m.msg_control = p;
		     m.msg_controllen = 64; NEED(write(e.client, "abcdefgh", 8)), S(recvmsg, e.server, &m, 0),
		     say("/%zu/%x", m.msg_controllen, m.msg_flags); left(e.server); close_pair(e));
	}
}

/* Parts of which one is bad; what comes over the edge of a page. A datagram goes whole or not at all. */
static void partly(int kind)
{
	struct pair e;
	struct iovec parts[3] = { { good + 64, 10 }, { kinds[2], 10 }, { good + 80, 10 } };
	struct iovec empty_first[3] = { { kinds[2], 0 }, { good + 64, 10 }, { kinds[2], 0 } };
	int datagrams = kind % 2;
	char block[30];

	memset(block, 'b', sizeof block);
	text[0] = 0;
	e = ends(kind);
	say("empty ones %s", answer(writev(e.client, empty_first, 3)));
	close_pair(e);
	e = ends(kind);
	NEED(write(e.client, block, 20));
	say(", just up to it %s", answer(read(e.server, edge - 20, 30)));
	close_pair(e);
	if (datagrams) {
		e = ends(kind);
		say(", writev %s", answer(writev(e.client, parts, 3)));
		left(e.server);
		say(", over the edge %s", answer(write(e.client, edge - 100, 200)));
		left(e.server);
		NEED(write(e.client, block, 30));
		say(", readv %s", answer(readv(e.server, parts, 3)));
		left(e.server);
		NEED(write(e.client, block, 30));
		say(", over the edge %s", answer(read(e.server, edge - 20, 30)));
		left(e.server);
		close_pair(e);
	}
	ROW(named("partly", kind), "%s", text);
}

static void counts(void)
{
	static struct iovec many[1025];
	struct pair e = tcp_pair(AF_INET);
	struct raw_msghdr m = { .msg_iov = many, .msg_iovlen = 1025 };
	struct iovec huge[2] = { { good, 0x7fffffffffffffff }, { good, 8 } }, negative = { good, (size_t)-1 };
	struct raw_mmsghdr two[2];
	struct iovec one = { good + 64, 3 }, bad = { kinds[2], 3 };

	for (int i = 0; i < 1025; i++)
		many[i] = (struct iovec) { good + 64, 1 };
#define ROW1(name, call) (errno = 0, text[0] = 0, say("%s", answer(call)), check_row(__LINE__, name, "%s", text))
	ROW1("writev of 1025", S(writev, e.client, many, 1025));
	ROW1("writev of 1024", S(writev, e.client, many, 1024));
	ROW1("writev of -1", S(writev, e.client, many, -1l));
	ROW1("writev of 0 at a bad address", S(writev, e.client, kinds[2], 0));
	ROW1("readv of 1025 at a bad address", S(readv, e.client, kinds[2], 1025));
	ROW1("sendmsg of 1025", S(sendmsg, e.client, &m, 0));
	ROW1("recvmsg of 1025", S(recvmsg, e.server, &m, MSG_DONTWAIT));
	m.msg_iovlen = 1024;
	ROW1("sendmsg of 1024", S(sendmsg, e.client, &m, 0));
	m.msg_iovlen = (size_t)1 << 32;
	ROW1("sendmsg of 2^32", S(sendmsg, e.client, &m, 0));
	ROW1("writev, a length of -1", S(writev, e.client, &negative, 1));
	m = (struct raw_msghdr) { .msg_iov = &negative, .msg_iovlen = 1 };
	ROW1("sendmsg, a length of -1", S(sendmsg, e.client, &m, 0));
	m.msg_iov = huge;
	m.msg_iovlen = 2;
	ROW1("recvmsg, more than SSIZE_MAX", S(recvmsg, e.client, &m, MSG_DONTWAIT));
	ROW1("readv, more than SSIZE_MAX", S(readv, e.client, huge, 2));
	huge[0].iov_len = 0x7ffffffffffffff0;
	huge[1].iov_len = 0x7ffffffffffffff0;
	set_nonblocking(e.client);
	ROW1("readv, twice nearly SSIZE_MAX", S(readv, e.client, huge, 2));
	ROW1("recv of SSIZE_MAX", S(recvfrom, e.client, good, 0x7fffffffffffffff, 0, NULL, NULL));
	ROW1("recv of -1", S(recvfrom, e.client, good, -1l, 0, NULL, NULL));
	m = (struct raw_msghdr) { .msg_iov = &one, .msg_iovlen = 1, .msg_control = good, .msg_controllen = (size_t)-1 };
	ROW1("sendmsg, control of -1", S(sendmsg, e.client, &m, 0));
	m.msg_controllen = 0x7fffffff;
	ROW1("sendmsg, control of INT_MAX", S(sendmsg, e.client, &m, 0));
	m.msg_controllen = 1 << 20;
	ROW1("sendmsg, control of a megabyte", S(sendmsg, e.client, &m, 0));
	close_pair(e);

	e = udp_pair(AF_INET);
	memset(two, 0, sizeof two);
	two[0].msg_hdr.msg_iov = two[1].msg_hdr.msg_iov = &one;
	two[0].msg_hdr.msg_iovlen = two[1].msg_hdr.msg_iovlen = 1;
	two[1].msg_hdr.msg_iov = &bad;
	ROW1("sendmmsg, the second is bad", S(sendmmsg, e.client, two, 2, 0));
	ROW1("sendmmsg, over the edge", (memcpy(edge - 64, two, 64), S(sendmmsg, e.client, edge - 64, 2, 0)));
	ROW1("sendmmsg at a bad address", S(sendmmsg, e.client, kinds[2], 2, 0));
	ROW1("sendmmsg of none at a bad address", S(sendmmsg, e.client, kinds[2], 0, 0));
	ROW1("recvmmsg, the second is bad", S(recvmmsg, e.server, two, 2, MSG_DONTWAIT, NULL));
	(void)get_int(e.server, SOL_SOCKET, SO_ERROR);
	ROW1("recvmmsg, bad time", S(recvmmsg, e.server, two, 2, MSG_DONTWAIT, kinds[2]));
	ROW1("recvmmsg at a bad address", S(recvmmsg, e.server, kinds[2], 2, MSG_DONTWAIT, NULL));
	ROW1("recvmmsg of a header that may only be read", (give(two, 128), (void)NEED(send(e.client, "x", 1, 0)), S(recvmmsg, e.server, kinds[4], 1, MSG_DONTWAIT, NULL)));
	close_pair(e);
}

static void others(void)
{
	struct pair e = udp_pair(AF_INET);
	int epoll = NEED(epoll_create1(0)), raw = NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
	struct epoll_event event = { .events = EPOLLOUT };
	struct pollfd poll_fd = { .fd = e.client, .events = POLLOUT };
	struct timespec none = { 0, 0 };
	struct ifreq ask = { .ifr_name = "lo" };

	EACH("FIONREAD", , S(ioctl, e.client, FIONREAD, p), );
	give(&ask, sizeof ask);
	EACH("SIOCGIFFLAGS", give(&ask, sizeof ask), S(ioctl, e.client, SIOCGIFFLAGS, p), );
	EACH("SIOCGIFCONF", , S(ioctl, e.client, SIOCGIFCONF, p) ? -1 : 0, );
	EACH("epoll_ctl", give(&event, sizeof event), S(epoll_ctl, epoll, EPOLL_CTL_ADD, e.client, p),
	     epoll_ctl(epoll, EPOLL_CTL_DEL, e.client, NULL));
	EACH("epoll_ctl of nothing", , S(epoll_ctl, epoll, EPOLL_CTL_ADD, -1, p), );
	NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, e.client, &event));
	EACH("epoll_pwait", , S(epoll_pwait, epoll, p, 1, 0, NULL, 8), );
	EACH("epoll_pwait, mask", give("\0\0\0\0\0\0\0\0", 8), S(epoll_pwait, epoll, good + 64, 1, 0, p, 8), );
	EACH("ppoll", give(&poll_fd, sizeof poll_fd), S(ppoll, p, 1, &none, NULL, 8), );
	EACH("ppoll, time", give(&none, sizeof none), S(ppoll, &poll_fd, 1, p, NULL, 8), );
	EACH("pselect6", give("\0\0\0\0\0\0\0\0", 8), S(pselect6, 8, p, NULL, NULL, &none, NULL), );
	give("\20\0\0\0\22\0\1\3\1\0\0\0\0\0\0\0", 16);
	EACH("sendto to netlink", , S(sendto, raw, p, 16, 0, NULL, 0), );
	close(epoll);
	close(raw);
	close_pair(e);
}

/* A second thread that changes lengths and addresses while the calls look at them. */
static struct {
	struct raw_msghdr head;
	struct iovec parts[4];
	union { struct cmsghdr head; char room[4096]; } control;
} shared;
static volatile int over;

static void *flip(void *unused)
{
	unsigned seed = 1;

	(void)unused;
	while (!over) {
		seed = seed * 1103515245 + 12345;
		unsigned turn = seed >> 16;

		shared.head.msg_iovlen = turn % 5;
		shared.head.msg_controllen = turn % 3 ? (size_t)(turn % 256) : (size_t)-(long)(turn % 64);
		shared.head.msg_namelen = turn % 7 ? 16 : -1;
		shared.parts[turn % 4].iov_len = turn % 11 ? turn % 2000 : (size_t)-1;
		shared.parts[turn / 4 % 4].iov_base = kinds[turn % KINDS];
		shared.control.head.cmsg_len = turn % 5 ? turn % 300 : (size_t)-(long)(turn % 32);
		shared.control.head.cmsg_level = turn % 2 ? SOL_SOCKET : SOL_IP;
		shared.control.head.cmsg_type = turn % 20;
	}
	return NULL;
}

static void changing(void)
{
	pthread_t thread;
	long calls = 0, odd = 0;
	long long end = now_ms() + 600;
	struct address to;
	int sink = bound(AF_INET, SOCK_DGRAM, &to);

	memset(&shared, 0, sizeof shared);
	shared.head.msg_iov = shared.parts;
	shared.head.msg_control = &shared.control;
	shared.head.msg_name = &to.any;
	NEED(pthread_create(&thread, NULL, flip, NULL) ? -1 : 0);
	signal(SIGPIPE, SIG_IGN);
	while (now_ms() < end) {
		for (int kind = 0; kind < 4; kind++) {
			struct pair e = ends(kind);

			for (int i = 0; i < 8; i++) {
				long sent = S(sendmsg, e.client, &shared.head, MSG_DONTWAIT);
				long got = S(recvmsg, e.server, &shared.head, MSG_DONTWAIT);

				odd += sent < -1 || got < -1 || sent > 8000 || got > 8000;
				calls += 2;
			}
			/* With those that came: a control message may have named one of ours. */
			NEED(S(close_range, sink + 1, ~0u, 0));
		}
	}
	over = 1;
	pthread_join(thread, NULL);
	CHECK(calls > 0);
	WANT(odd, 0);
	close(sink);
}

int main(int argc, char **argv)
{
	ROWS(linux_says, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	make_kinds();
	addresses();
	options();
	for (int kind = 0; kind < 5; kind++) {
		transfers(kind);
		partly(kind);
	}
	counts();
	others();
	if (!rows_dump)
		changing();
	return rows_done();
}
