/*
 * Each bit of send(2)'s and recv(2)'s flags on each family: what the call answers, what arrives,
 * what is left. send(2), recv(2), unix(7), packet(7), netlink(7).
 *
 * A row is: send's answer, what the other side then receives (count/msg_flags); recv's answer and msg_flags with room for 4 of 6 bytes while
 * 3 more wait, what the next recv gives; recv's answer with nothing there.
 * Bit 31 is the kernel's own where it runs 32-bit programs, MSG_FASTOPEN is for connecting; both are left out.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "table.h"

#include <linux/if_packet.h>
#include <linux/netlink.h>

static const struct row linux_says[] = {
	{ "tcp 1", "send 4 3/0, recv EINVAL then 9/0, empty EINVAL" },
	{ "tcp 2", "send 4 4/0, recv 4/0 then 9/0, empty EAGAIN" },
	{ "tcp 4", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 8", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 10", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 20", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 40", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 80", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 100", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 200", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 400", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 800", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 1000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 2000", "send 4 4/0, recv EAGAIN then 9/0, empty EAGAIN" },
	{ "tcp 4000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 8000", "send 4 EAGAIN, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 10000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 20000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 40000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 80000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 100000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 200000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 400000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 800000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 1000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 2000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 4000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 8000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 10000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp 40000000", "send 4 4/0, recv 4/40000000 then 5/0, empty EAGAIN" },
	{ "tcp6 1", "send 4 3/0, recv EINVAL then 9/0, empty EINVAL" },
	{ "tcp6 2", "send 4 4/0, recv 4/0 then 9/0, empty EAGAIN" },
	{ "tcp6 4", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 8", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 10", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 20", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 40", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 80", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 100", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 200", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 400", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 800", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 1000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 2000", "send 4 4/0, recv EAGAIN then 9/0, empty EAGAIN" },
	{ "tcp6 4000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 8000", "send 4 EAGAIN, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 10000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 20000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 40000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 80000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 100000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 200000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 400000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 800000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 1000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 2000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 4000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 8000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 10000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "tcp6 40000000", "send 4 4/0, recv 4/40000000 then 5/0, empty EAGAIN" },
	{ "udp 1", "send EOPNOTSUPP EAGAIN, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 2", "send 4 4/0, recv 4/20 then 6/0, empty EAGAIN" },
	{ "udp 4", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 8", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 10", "send 4 EAGAIN, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 20", "send 4 4/0, recv 6/20 then 3/0, empty EAGAIN" },
	{ "udp 40", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 80", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 100", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 200", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 400", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 800", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 1000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 2000", "send 4 4/0, recv EAGAIN then 6/0, empty EAGAIN" },
	{ "udp 4000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 8000", "send 4 EAGAIN, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 10000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 20000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 40000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 80000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 100000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 200000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 400000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 800000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 1000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 2000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 4000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 8000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 10000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp 40000000", "send 4 4/0, recv 4/40000020 then 3/0, empty EAGAIN" },
	{ "udp6 1", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 2", "send 4 4/0, recv 4/20 then 6/0, empty EAGAIN" },
	{ "udp6 4", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 8", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 10", "send 4 EAGAIN, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 20", "send 4 4/0, recv 6/20 then 3/0, empty EAGAIN" },
	{ "udp6 40", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 80", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 100", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 200", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 400", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 800", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 1000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 2000", "send 4 4/0, recv EAGAIN then 6/0, empty EAGAIN" },
	{ "udp6 4000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 8000", "send 4 EAGAIN, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 10000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 20000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 40000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 80000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 100000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 200000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 400000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 800000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 1000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 2000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 4000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 8000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 10000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "udp6 40000000", "send 4 4/0, recv 4/40000020 then 3/0, empty EAGAIN" },
	{ "raw 1", "send EOPNOTSUPP EAGAIN, recv EOPNOTSUPP then 26/0, empty EOPNOTSUPP" },
	{ "raw 2", "send 4 24/0, recv 4/20 then 26/0, empty EAGAIN" },
	{ "raw 4", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 8", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 10", "send 4 EAGAIN, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 20", "send 4 24/0, recv 26/20 then 23/0, empty EAGAIN" },
	{ "raw 40", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 80", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 100", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 200", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 400", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 800", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 1000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 2000", "send 4 24/0, recv EAGAIN then 26/0, empty EAGAIN" },
	{ "raw 4000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 8000", "send 4 EAGAIN, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 10000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 20000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 40000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 80000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 100000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 200000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 400000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 800000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 1000000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 2000000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 4000000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 8000000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 10000000", "send 4 24/0, recv 4/20 then 23/0, empty EAGAIN" },
	{ "raw 40000000", "send 4 24/0, recv 4/40000020 then 23/0, empty EAGAIN" },
	{ "unix stream 1", "send 4 3/0, recv EINVAL then 9/0, empty EINVAL" },
	{ "unix stream 2", "send 4 4/0, recv 4/0 then 9/0, empty EAGAIN" },
	{ "unix stream 4", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 8", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 10", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 20", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 40", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 80", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 100", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 200", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 400", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 800", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 1000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 2000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 4000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 8000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 10000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 20000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 40000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 80000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 100000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 200000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 400000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 800000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 1000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 2000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 4000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 8000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 10000000", "send 4 4/0, recv 4/0 then 5/0, empty EAGAIN" },
	{ "unix stream 40000000", "send 4 4/0, recv 4/40000000 then 5/0, empty EAGAIN" },
	{ "unix seqpacket 1", "send EOPNOTSUPP EAGAIN, recv EOPNOTSUPP then 6/0, empty EOPNOTSUPP" },
	{ "unix seqpacket 2", "send 4 4/0, recv 4/20 then 6/0, empty EAGAIN" },
	{ "unix seqpacket 4", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 8", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 10", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 20", "send 4 4/0, recv 6/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 40", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 80", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 100", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 200", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 400", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 800", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 1000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 2000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 4000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 8000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 10000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 20000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 40000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 80000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 100000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 200000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 400000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 800000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 1000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 2000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 4000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 8000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 10000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix seqpacket 40000000", "send 4 4/0, recv 4/40000020 then 3/0, empty EAGAIN" },
	{ "unix dgram 1", "send EOPNOTSUPP EAGAIN, recv EOPNOTSUPP then 6/0, empty EOPNOTSUPP" },
	{ "unix dgram 2", "send 4 4/0, recv 4/20 then 6/0, empty EAGAIN" },
	{ "unix dgram 4", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 8", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 10", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 20", "send 4 4/0, recv 6/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 40", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 80", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 100", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 200", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 400", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 800", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 1000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 2000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 4000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 8000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 10000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 20000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 40000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 80000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 100000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 200000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 400000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 800000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 1000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 2000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 4000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 8000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 10000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "unix dgram 40000000", "send 4 4/0, recv 4/40000020 then 3/0, empty EAGAIN" },
	{ "netlink 1", "send EOPNOTSUPP EAGAIN, recv EOPNOTSUPP then 6/0, empty EOPNOTSUPP" },
	{ "netlink 2", "send 4 4/0, recv 4/20 then 6/0, empty EAGAIN" },
	{ "netlink 4", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 8", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 10", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 20", "send 4 4/0, recv 6/20 then 3/0, empty EAGAIN" },
	{ "netlink 40", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 80", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 100", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 200", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 400", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 800", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 1000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 2000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 4000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 8000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 10000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 20000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 40000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 80000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 100000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 200000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 400000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 800000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 1000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 2000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 4000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 8000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 10000000", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "netlink 40000000", "send 4 4/0, recv 4/40000020 then 3/0, empty EAGAIN" },
	{ "packet 1", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 2", "send 4 4/0, recv 4/20 then 6/0, empty EAGAIN" },
	{ "packet 4", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 8", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 10", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 20", "send 4 4/0, recv 6/20 then 3/0, empty EAGAIN" },
	{ "packet 40", "send 4 4/0, recv 4/20 then 3/0, empty EAGAIN" },
	{ "packet 80", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 100", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 200", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 400", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 800", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 1000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 2000", "send 4 4/0, recv EAGAIN then 6/0, empty EAGAIN" },
	{ "packet 4000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 8000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 10000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 20000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 40000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 80000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 100000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 200000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 400000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 800000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 1000000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 2000000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 4000000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 8000000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 10000000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
	{ "packet 40000000", "send 4 4/0, recv EINVAL then 6/0, empty EINVAL" },
};

struct ends {
	int from, to;
	struct address name; /* for sendmsg(2), where the socket is not connected */
};

static char block[4096];

static void drain(int fd)
{
	while (recv(fd, block, sizeof block, MSG_DONTWAIT) >= 0)
		;
	recv(fd, block, 1, MSG_DONTWAIT | MSG_OOB);
}

static ssize_t put(struct ends *ends, const char *text, size_t length, int flags)
{
	struct iovec part = { (char *)text, length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (ends->name.length) {
		message.msg_name = &ends->name.any;
		message.msg_namelen = ends->name.length;
	}
	return sendmsg(ends->from, &message, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
}

static const char *get(int fd, size_t room, int flags)
{
	static char text[2][64];
	static int turn;
	char *here = text[turn = !turn];
	struct iovec part = { block, room };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t got;

	errno = 0;
	got = recvmsg(fd, &message, flags | MSG_DONTWAIT);
	if (got == -1)
		snprintf(here, sizeof *text, "%s", answer(-1));
	else
		snprintf(here, sizeof *text, "%zd/%x", got, message.msg_flags);
	return here;
}

static void settle(int inet)
{
	if (inet)
		sleep_ms(2);
}

static void family(const char *name, struct ends ends, int inet)
{
	for (int bit = 0; bit < 31; bit++) {
		int flag = 1 << bit;
		char row[64], text[256], *at = text;

		if (flag == MSG_FASTOPEN)
			continue;
		drain(ends.to);
		errno = 0;
		at += sprintf(at, "send %s", answer(put(&ends, "abcd", 4, flag)));
		settle(inet);
		at += sprintf(at, " %s", get(ends.to, 64, 0));
		/* What MSG_MORE held back goes: a datagram with an empty send, a stream's bytes with this option. */
		put(&ends, "", 0, 0);
		setsockopt(ends.from, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		settle(inet);
		drain(ends.to);
		NEED(put(&ends, "abcdef", 6, 0));
		NEED(put(&ends, "xyz", 3, 0));
		settle(inet);
		at += sprintf(at, ", recv %s", get(ends.to, 4, flag));
		at += sprintf(at, " then %s", get(ends.to, 64, 0));
		drain(ends.to);
		at += sprintf(at, ", empty %s", get(ends.to, 4, flag));
		snprintf(row, sizeof row, "%s %x", name, flag);
		ROW(row, "%s", text);
	}
	close(ends.from);
	close(ends.to);
}

static struct ends of(struct pair pair)
{
	return (struct ends){ pair.client, pair.server, { .length = 0 } };
}

static struct ends unix_pair(int type)
{
	int fds[2];

	NEED(socketpair(AF_UNIX, type, 0, fds));
	return (struct ends){ fds[0], fds[1], { .length = 0 } };
}

static struct ends raw(void)
{
	struct ends ends = { .name = loopback(AF_INET, 0) };

	/* It hears itself, with 20 bytes of header. */
	ends.from = NEED(socket(AF_INET, SOCK_RAW, 253));
	ends.to = NEED(dup(ends.from));
	return ends;
}

static struct ends netlink(void)
{
	struct ends ends = { .name = { .length = sizeof(struct sockaddr_nl) } };
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	socklen_t length = sizeof own;

	ends.from = NEED(socket(AF_NETLINK, SOCK_DGRAM, NETLINK_USERSOCK));
	ends.to = NEED(socket(AF_NETLINK, SOCK_DGRAM, NETLINK_USERSOCK));
	NEED(bind(ends.to, (struct sockaddr *)&own, sizeof own));
	NEED(getsockname(ends.to, (struct sockaddr *)&own, &length));
	memcpy(&ends.name.storage, &own, sizeof own);
	return ends;
}

static struct ends packet(void)
{
	struct ends ends = { .name = { .length = sizeof(struct sockaddr_ll) } };
	struct sockaddr_ll lo = { .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5), .sll_ifindex = 1, .sll_halen = 6 };

	ends.to = NEED(socket(AF_PACKET, SOCK_DGRAM, 0));
	NEED(bind(ends.to, (struct sockaddr *)&lo, sizeof lo));
	/* Its own frames come back from lo once; another's would be seen on their way out, too. */
	ends.from = NEED(dup(ends.to));
	memcpy(&ends.name.storage, &lo, sizeof lo);
	return ends;
}

int main(int argc, char **argv)
{
	ROWS(linux_says, argc, argv);
	family("tcp", of(tcp_pair(AF_INET)), 1);
	family("tcp6", of(tcp_pair(AF_INET6)), 1);
	family("udp", of(udp_pair(AF_INET)), 1);
	family("udp6", of(udp_pair(AF_INET6)), 1);
	family("raw", raw(), 1);
	family("unix stream", unix_pair(SOCK_STREAM), 0);
	family("unix seqpacket", unix_pair(SOCK_SEQPACKET), 0);
	family("unix dgram", unix_pair(SOCK_DGRAM), 0);
	family("netlink", netlink(), 0);
	family("packet", packet(), 1);
	return rows_done();
}
