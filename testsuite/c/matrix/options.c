/*
 * Every option of every level, on every kind of socket, in every state: what
 * getsockopt(2) and setsockopt(2) answer (socket(7), ip(7), ipv6(7), tcp(7), udp(7)).
 *
 *     options [KIND...]     kinds as in the first column; all where none is given
 *
 * It judges nothing: its output on two kernels is compared by `testsuite/optmatrix`.
 * One line an option, or a range of options that answer alike; what they answer is
 * printed once, before its number is used:
 *
 *     # =7 | get 4:00000000 ... | set 0:0>00000000 1:0>01000000 ...
 *     # tcp4/new TCP 1 =7
 *
 * `get`: the value for a large buffer, then the answer for rooms of 4, 2, 1, 0 and -1
 * bytes, a bad buffer, a bad length pointer. `set`: ints, each with the value read
 * back after it; then the lengths 0, 1, 2, 3, 8 ... of a buffer that holds 1 followed
 * by zeros; then a bad pointer and a negative length. Every success is followed by a
 * fresh socket, except among the ints of one option. What differs from run to run is
 * printed as `~`, with its length.
 */
#include "net.h"

#include <linux/if_packet.h>
#include <linux/netlink.h>

#define MAX_LINE 2048

enum state { NEW, BOUND, LISTENING, CONNECTED, CLOSED, STATES };
static const char *const state_names[] = { "new", "bound", "listening", "connected", "closed" };

static const struct kind {
	const char *name;
	int family, type, protocol;
	unsigned states;
} kinds[] = {
#define S(x) (1u << (x))
#define STREAM (S(NEW) | S(BOUND) | S(LISTENING) | S(CONNECTED) | S(CLOSED))
#define DATAGRAM (S(NEW) | S(BOUND) | S(CONNECTED))
	{ "tcp4", AF_INET, SOCK_STREAM, 0, STREAM },
	{ "tcp6", AF_INET6, SOCK_STREAM, 0, STREAM },
	{ "udp4", AF_INET, SOCK_DGRAM, 0, DATAGRAM },
	{ "udp6", AF_INET6, SOCK_DGRAM, 0, DATAGRAM },
	{ "ping4", AF_INET, SOCK_DGRAM, IPPROTO_ICMP, DATAGRAM },
	{ "ping6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6, DATAGRAM },
	{ "raw4", AF_INET, SOCK_RAW, 253, DATAGRAM },
	{ "icmp4", AF_INET, SOCK_RAW, IPPROTO_ICMP, S(NEW) },
	{ "raw6", AF_INET6, SOCK_RAW, 253, DATAGRAM },
	{ "icmp6", AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, S(NEW) },
	{ "hdr4", AF_INET, SOCK_RAW, IPPROTO_RAW, S(NEW) },
	{ "unix-stream", AF_UNIX, SOCK_STREAM, 0, STREAM },
	{ "unix-dgram", AF_UNIX, SOCK_DGRAM, 0, DATAGRAM },
	{ "unix-seqpacket", AF_UNIX, SOCK_SEQPACKET, 0, STREAM },
	{ "netlink", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, S(NEW) },
	{ "packet", AF_PACKET, SOCK_RAW, 0, S(NEW) },
};

static const struct level { const char *name; int number; } levels[] = {
	{ "SOCKET", SOL_SOCKET }, { "IP", IPPROTO_IP }, { "TCP", IPPROTO_TCP }, { "UDP", IPPROTO_UDP },
	{ "IPV6", IPPROTO_IPV6 }, { "ICMPV6", IPPROTO_ICMPV6 }, { "RAW", 255 }, { "PACKET", 263 },
	{ "NETLINK", 270 }, { "ALG", 279 }, { "TLS", 282 }, { "MPTCP", 284 }, { "9999", 9999 },
};

/* The socket under test, and who serves it. */
static int tested = -1, peer = -1, listener = -1;
static struct address listener_at;

static const char *error_name(int error)
{
	const char *name = check_errno(error);
	static char number[16];

	if (error && strncmp(name, "errno ", 6))
		return name + 1;
	sprintf(number, "%d", error);
	return number;
}

static struct address own_address(const struct kind *k)
{
	struct address a = loopback(k->family == AF_UNIX ? AF_INET : k->family, 0);

	if (k->family == AF_UNIX) {
		/* Autobind: an abstract name of the kernel's choice. */
		memset(&a, 0, sizeof a);
		a.any.sa_family = AF_UNIX;
		a.length = sizeof(sa_family_t);
	}
	return a;
}

/* Ends a connection with RST, so that nothing stays in TIME-WAIT. */
static void drop(int *fd)
{
	struct linger now = { 1, 0 };

	if (*fd == -1)
		return;
	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(*fd);
	*fd = -1;
}

static void forget(void)
{
	drop(&peer);
	drop(&tested);
	drop(&listener);
}

/* A fresh socket in the state; answers an error number. */
static int renew(const struct kind *k, enum state state)
{
	struct address a = own_address(k);

	drop(&peer);
	drop(&tested);
	tested = socket(k->family, k->type, k->protocol);
	if (tested == -1)
		return errno;
	if (state == NEW)
		return 0;
	if (state == BOUND || state == LISTENING)
		return bind(tested, &a.any, a.length) || (state == LISTENING && listen(tested, 4)) ? errno : 0;
	if (listener == -1) {
		listener = NEED(socket(k->family, k->type, k->protocol));
		if (bind(listener, &a.any, a.length))
			return errno;
		if (k->type == SOCK_STREAM || k->type == SOCK_SEQPACKET)
			NEED(listen(listener, 16));
		listener_at = name_of(listener);
	}
	a = listener_at;
	if (k->type == SOCK_RAW && k->family == AF_INET6)
		a.v6.sin6_port = 0;
	if (connect(tested, &a.any, a.length))
		return errno;
	if (k->type == SOCK_STREAM || k->type == SOCK_SEQPACKET)
		peer = NEED(accept(listener, NULL, NULL));
	if (state == CLOSED) {
		close(peer);
		peer = -1;
		NEED(poll(&(struct pollfd){ tested, POLLIN, 0 }, 1, 1000));
	}
	return 0;
}

/* Values that no two runs, or no two machines, have in common. */
static int is_volatile(int level, int name)
{
	return (level == SOL_SOCKET && (name == 17 /* PEERCRED */ || name == 55 /* MEMINFO */ || name == 57 /* COOKIE */ ||
					name == 49 /* INCOMING_CPU */ || name == 56 /* INCOMING_NAPI_ID */ ||
					name == 77 /* PEERPIDFD */ || name == 28 /* PEERNAME */)) ||
	       (level == IPPROTO_TCP && (name == TCP_INFO || name == 24 /* TIMESTAMP */ || name == 26 /* CC_INFO */)) ||
	       (level == IPPROTO_IP && name == 52 /* PROTOCOL, but a port here */);
}

/* Appends the answer for one room: an error, or length and bytes. */
static char *read_option(char *out, int level, int name, int room, int masked)
{
	unsigned char value[512];
	socklen_t length = room;

	memset(value, 0xaa, sizeof value);
	if (getsockopt(tested, level, name, value, &length))
		return out + sprintf(out, "%s", error_name(errno));
	out += sprintf(out, "%d:", (int)length);
	if (level == SOL_SOCKET && name == 77 && length == sizeof(int)) {
		int fd;

		memcpy(&fd, value, sizeof fd);
		close(fd);
	}
	if (masked)
		return out + sprintf(out, "~");
	for (unsigned i = 0; i < length && i < 40; i++)
		out += sprintf(out, "%02x", value[i]);
	return out;
}

static char *bad_get(char *out, int level, int name)
{
	int value;
	socklen_t length = sizeof value;
	int first = getsockopt(tested, level, name, nowhere, &length) ? errno : 0;
	int second = getsockopt(tested, level, name, &value, nowhere) ? errno : 0;

	return out + sprintf(out, " b%s p%s", error_name(first), error_name(second));
}

static void one_option(const struct kind *k, enum state state, int level, int name, char *out)
{
	static const int rooms[] = { 4, 2, 1, 0, -1 };
	static const int ints[] = { 0, 1, 2, 5, 64, 255, 256, 70000, 0x7fffffff, -1 };
	static const int lengths[] = { 0, 1, 2, 3, 8, 12, 16, 20, 32, 136, 264, 400 };
	int masked = is_volatile(level, name), changed = 0;
	unsigned char buffer[512];

	out += sprintf(out, "| get ");
	out = read_option(out, level, name, 256, masked);
	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
		*out++ = ' ';
		out = read_option(out, level, name, rooms[i], masked);
	}
	out = bad_get(out, level, name);
	out += sprintf(out, " | set");
	for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
		int failed = setsockopt(tested, level, name, &ints[i], sizeof ints[i]) ? errno : 0;

		out += sprintf(out, " %d:%s", ints[i], error_name(failed));
		if (!failed) {
			*out++ = '>';
			out = read_option(out, level, name, 24, masked);
			changed = 1;
		}
	}
	out += sprintf(out, " | len");
	memset(buffer, 0, sizeof buffer);
	buffer[0] = 1;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		if (changed)
			renew(k, state);
		changed = setsockopt(tested, level, name, buffer, lengths[i]) == 0;
		out += sprintf(out, " %d:%s", lengths[i], error_name(changed ? 0 : errno));
		if (changed) {
			*out++ = '>';
			out = read_option(out, level, name, 24, masked);
		}
	}
	if (changed)
		renew(k, state);
	for (int i = 0; i < 3; i++) {
		if (changed)
			renew(k, state);
		changed = setsockopt(tested, level, name, i == 0 ? nowhere : i == 1 ? NULL : buffer, i == 2 ? -1 : 4) == 0;
		out += sprintf(out, " %c%s", "bzn"[i], error_name(changed ? 0 : errno));
	}
	if (changed)
		renew(k, state);
}

/* Options whose values are names. */
static void named_options(const struct kind *k, enum state state)
{
	static const struct { int level, name; const char *value; } names[] = {
		{ IPPROTO_TCP, TCP_CONGESTION, "reno" }, { IPPROTO_TCP, TCP_CONGESTION, "cubic" },
		{ IPPROTO_TCP, TCP_CONGESTION, "nosuch" }, { IPPROTO_TCP, TCP_CONGESTION, "" },
		{ IPPROTO_TCP, 31 /* TCP_ULP */, "nosuch" },
		{ SOL_SOCKET, SO_BINDTODEVICE, "lo" }, { SOL_SOCKET, SO_BINDTODEVICE, "nosuch" },
		{ SOL_SOCKET, SO_BINDTODEVICE, "" },
	};
	char line[MAX_LINE];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = names[i].value;

		renew(k, state);
		if (setsockopt(tested, names[i].level, names[i].name, value, strlen(value)))
			sprintf(line, "%s", error_name(errno));
		else
			read_option(line, names[i].level, names[i].name, 64, 0);
		printf("# %s/%s name %d.%d \"%s\" %s\n", k->name, state_names[state], names[i].level, names[i].name, value, line);
	}
}

/* The number of an answer; prints it when it is a new one. */
static unsigned answer_number(const char *line)
{
	static char *answers[4096];
	static unsigned known;
	unsigned at = 0;

	while (at < known && strcmp(answers[at], line))
		at++;
	if (at == known && known < sizeof answers / sizeof *answers) {
		answers[known++] = strdup(line);
		printf("# =%u %s\n", at, line);
	}
	return at;
}

static void level_of(const struct kind *k, enum state state, const struct level *level)
{
	static char line[MAX_LINE], last[MAX_LINE];
	int first = 0, end = -1;

	/* -1, 0 to 110, MRT_INIT and what follows it. */
	for (int at = -1; at <= 130; at++) {
		int name = at <= 110 ? at : at + 89;

		if (at == 130)
			line[0] = 0;
		else
			one_option(k, state, level->number, name, line);
		if (end == -1 || strcmp(line, last) || name != end + 1) {
			if (end != -1) {
				unsigned answer = answer_number(last);

				printf("# %s/%s %s %d", k->name, state_names[state], level->name, first);
				if (first != end)
					printf("..%d", end);
				printf(" =%u\n", answer);
			}
			first = name;
			strcpy(last, line);
		}
		end = name;
	}
}

int main(int argc, char **argv)
{
	FILE *groups = fopen("/proc/sys/net/ipv4/ping_group_range", "w");

	/* Ping sockets are for nobody as a kernel begins. */
	if (groups) {
		fputs("0 2147483647\n", groups);
		fclose(groups);
	}
	alarm(900);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct kind *k = &kinds[i];
		int wanted = argc < 2;

		for (int n = 1; n < argc; n++)
			wanted |= !strcmp(argv[n], k->name);
		for (enum state state = NEW; wanted && state < STATES; state++) {
			int failed;

			if (!(k->states & S(state)))
				continue;
			failed = renew(k, state);
			if (failed) {
				printf("# %s/%s none: %s\n", k->name, state_names[state], error_name(failed));
			} else {
				for (size_t n = 0; n < sizeof levels / sizeof *levels; n++)
					level_of(k, state, &levels[n]);
				named_options(k, state);
			}
			forget();
		}
	}
	CHECK(1);
	return done();
}
