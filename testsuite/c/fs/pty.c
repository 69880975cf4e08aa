/*
 * Pseudoterminals and the line discipline: pty(7), termios(3), job control.
 * Agrees: Linux 6.18.
 */
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

static int master, slave;
static char buf[256];

static void make(void)
{
	master = NEED(posix_openpt(O_RDWR | O_NOCTTY));
	CHECK(grantpt(master) == 0);
	WANT(unlockpt(master), 0);
	CHECK(ptsname(master) && !strncmp(ptsname(master), "/dev/pts/", 9));
	slave = NEED(open(ptsname(master), O_RDWR | O_NOCTTY));
	CHECK(isatty(slave) && isatty(master));
}

/* What the master sees within a short time. */
static const char *screen(void)
{
	struct pollfd p = { master, POLLIN, 0 };
	int n = 0;

	while (poll(&p, 1, 20) == 1 && n < (int)sizeof buf - 1) {
		int got = read(master, buf + n, sizeof buf - 1 - n);

		if (got <= 0)
			break;
		n += got;
	}
	buf[n] = 0;
	return buf;
}

static void lines(void)
{
	char line[64];

	WANT(write(slave, "a\nb", 3), 3);
	CHECK(!strcmp(screen(), "a\r\nb"));
	NEED(fcntl(slave, F_SETFL, O_NONBLOCK));
	WANT(write(master, "hel", 3), 3);
	CHECK(!strcmp(screen(), "hel"));
	FAILS(read(slave, line, sizeof line), EAGAIN);
	WANT(write(master, "lx\177o\r", 5), 5);
	CHECK(!strcmp(screen(), "lx\b \bo\r\n"));
	WANT(ioctl(slave, FIONREAD, line), 0);
	WANT(*(int *)line, 6);
	WANT(read(slave, line, 3), 3);
	WANT(read(slave, line + 3, 32), 3);
	CHECK(!memcmp(line, "hello\n", 6));
	WANT(write(master, "one\ntwo\n", 8), 8);
	WANT(read(slave, line, sizeof line), 4);
	WANT(read(slave, line, sizeof line), 4);
	CHECK(!memcmp(line, "two\n", 4));
	screen();
	/* ^D ends a line without being part of it; alone it is the end of file. */
	WANT(write(master, "xy\4\4", 4), 4);
	WANT(read(slave, line, sizeof line), 2);
	WANT(read(slave, line, sizeof line), 0);
	FAILS(read(slave, line, sizeof line), EAGAIN);
	screen();
	WANT(write(master, "foo bar\27\25ok\n", 12), 12);
	WANT(read(slave, line, sizeof line), 3);
	CHECK(!memcmp(line, "ok\n", 3));
	screen();
	/* ^V takes the next one literally. */
	WANT(write(master, "\26\3\n", 3), 3);
	WANT(read(slave, line, sizeof line), 2);
	CHECK(line[0] == 3);
	screen();
}

static void raw(void)
{
	struct termios t, old;
	char line[64];
	long long start;

	WANT(tcgetattr(slave, &old), 0);
	CHECK(old.c_lflag & ICANON && old.c_iflag & ICRNL && old.c_oflag & ONLCR && old.c_cc[VINTR] == 3);
	t = old;
	cfmakeraw(&t);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	WANT(tcsetattr(slave, TCSANOW, &t), 0);
	WANT(write(master, "\3\r", 2), 2);
	WANT(read(slave, line, sizeof line), 2);
	CHECK(line[0] == 3 && line[1] == '\r');
	FAILS(read(slave, line, 1), EAGAIN);
	WANT(write(slave, "\n", 1), 1);
	CHECK(!strcmp(screen(), "\n"));
	NEED(fcntl(slave, F_SETFL, 0));
	t.c_cc[VMIN] = 0;
	NEED(tcsetattr(slave, TCSANOW, &t));
	WANT(read(slave, line, 1), 0);
	t.c_cc[VTIME] = 1;
	NEED(tcsetattr(slave, TCSANOW, &t));
	start = now_ms();
	WANT(read(slave, line, 1), 0);
	CHECK(now_ms() - start >= 90);
	t.c_cc[VMIN] = 3;
	NEED(tcsetattr(slave, TCSANOW, &t));
	NEED(write(master, "ab", 2));
	WANT(read(slave, line, 10), 2);
	NEED(write(master, "abcd", 4));
	WANT(read(slave, line, 3), 3);
	WANT(tcflush(slave, TCIFLUSH), 0);
	NEED(fcntl(slave, F_SETFL, O_NONBLOCK));
	FAILS(read(slave, line, 1), EAGAIN);
	NEED(fcntl(slave, F_SETFL, 0));
	NEED(tcsetattr(slave, TCSANOW, &old));
}

static volatile sig_atomic_t winch, ints;
static void on_winch(int s) { (void)s; winch++; }
static void on_int(int s) { (void)s; ints++; }

static void session(void)
{
	struct winsize size = { 30, 100, 0, 0 };
	int fd, status, got;
	pid_t child;
	char line[32];

	if (setsid() != getpid())
		_exit(1);
	if (open("/dev/tty", O_RDWR) != -1 || errno != ENXIO)
		_exit(2);
	if (ioctl(slave, TIOCSCTTY, 0))
		_exit(3);
	if (tcgetpgrp(slave) != getpgrp() || tcgetsid(slave) != getpid())
		_exit(4);
	fd = open("/dev/tty", O_RDWR);
	if (fd == -1)
		_exit(5);
	signal(SIGWINCH, on_winch);
	signal(SIGINT, on_int);
	if (ioctl(slave, TIOCSWINSZ, &size) || winch != 1)
		_exit(6);
	size.ws_row = 0;
	if (ioctl(fd, TIOCGWINSZ, &size) || size.ws_row != 30 || size.ws_col != 100)
		_exit(7);
	write(master, "abc\3", 4);
	for (got = 0; got < 100 && !ints; got++)
		sleep_ms(5);
	if (ints != 1)
		_exit(8);
	/* What was typed before ^C is gone. */
	write(master, "def\n", 4);
	if (read(slave, line, sizeof line) != 4)
		_exit(9);
	/* A background group that reads is stopped. */
	child = fork();
	if (!child) {
		setpgid(0, 0);
		got = read(slave, line, sizeof line);
		_exit(got == 3 ? 0 : 1);
	}
	setpgid(child, child);
	if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGTTIN)
		_exit(10);
	if (tcsetpgrp(slave, child))
		_exit(11);
	write(master, "go\n", 3);
	kill(-child, SIGCONT);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status))
		_exit(12);
	/* Now this is the background: taking the terminal back needs SIGTTOU ignored. */
	signal(SIGTTOU, SIG_IGN);
	if (tcsetpgrp(slave, getpgrp()) || tcgetpgrp(slave) != getpgrp())
		_exit(13);
	if (tcsetpgrp(slave, 999999) != -1 || errno != ESRCH)
		_exit(14);
	close(fd);
}

static void hangup(void)
{
	struct pollfd p;
	char c;

	screen();
	NEED(close(slave));
	FAILS(read(master, &c, 1), EIO);
	p = (struct pollfd){ master, POLLIN, 0 };
	WANT(poll(&p, 1, 0), 1);
	CHECK(p.revents & POLLHUP);
	slave = NEED(open(ptsname(master), O_RDWR | O_NOCTTY));
	NEED(close(master));
	WANT(read(slave, &c, 1), 0);
	FAILS(write(slave, &c, 1), EIO);
	p = (struct pollfd){ slave, POLLIN, 0 };
	WANT(poll(&p, 1, 0), 1);
	CHECK(p.revents & POLLHUP);
}

int main(void)
{
	make();
	lines();
	raw();
	WANT(in_child(session), 0);
	hangup();
	return done();
}
