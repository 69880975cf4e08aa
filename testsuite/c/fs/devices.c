/*
 * null(4), full(4), random(4), shared memory in /dev/shm, pts(4): reading, writing and
 * the terminal's line discipline.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <termios.h>

int main(void)
{
	char text[64], other[64];
	struct winsize size = { .ws_row = 24, .ws_col = 80 }, got;
	struct termios modes;
	struct stat meta;
	int fd, master, slave, number = -1, unlocked = 0;

	fd = NEED(open("/dev/null", O_RDWR));
	WANT(write(fd, "x", 1), 1);
	WANT(read(fd, text, 1), 0);
	NEED(fstat(fd, &meta));
	CHECK(S_ISCHR(meta.st_mode));
	fd = NEED(open("/dev/zero", O_RDWR));
	memset(text, 'x', sizeof text);
	WANT(read(fd, text, 8), 8);
	WANT(text[7], 0);
	WANT(text[8], 'x');
	fd = NEED(open("/dev/full", O_RDWR));
	FAILS(write(fd, "x", 1), ENOSPC);
	fd = NEED(open("/dev/urandom", O_RDONLY));
	WANT(read(fd, text, 32), 32);
	WANT(getrandom(other, 32, 0), 32);
	CHECK(memcmp(text, other, 32) != 0);
	FAILS(getrandom(other, 32, 0x80), EINVAL);
	fd = NEED(open("/dev/shm/devices", O_RDWR | O_CREAT, 0600));
	WANT(write(fd, "x", 1), 1);
	NEED(unlink("/dev/shm/devices"));

	master = NEED(open("/dev/ptmx", O_RDWR | O_NOCTTY));
	WANT(ioctl(master, TIOCSPTLCK, &unlocked), 0);
	WANT(ioctl(master, TIOCGPTN, &number), 0);
	snprintf(text, sizeof text, "/dev/pts/%d", number);
	slave = NEED(open(text, O_RDWR | O_NOCTTY));
	WANT(isatty(slave), 1);
	WANT(ioctl(slave, TIOCSWINSZ, &size), 0);
	WANT(ioctl(master, TIOCGWINSZ, &got), 0);
	WANT(got.ws_col, 80);
	/* A line is readable once it is whole; erase works on it; output maps newlines. */
	NEED(write(master, "abx\177c", 5));
	NEED(fcntl(slave, F_SETFL, O_NONBLOCK));
	FAILS(read(slave, text, sizeof text), EAGAIN);
	NEED(write(master, "\n", 1));
	WANT(read(slave, text, sizeof text), 4);
	CHECK(memcmp(text, "abc\n", 4) == 0);
	NEED(tcgetattr(slave, &modes));
	modes.c_lflag &= ~(ICANON | ECHO);
	NEED(tcsetattr(slave, TCSANOW, &modes));
	NEED(tcflush(master, TCIOFLUSH));
	NEED(tcflush(slave, TCIOFLUSH));
	NEED(write(master, "q", 1));
	WANT(read(slave, text, sizeof text), 1);
	NEED(write(slave, "out\n", 4));
	WANT(read(master, text, sizeof text), 5);
	CHECK(memcmp(text, "out\r\n", 5) == 0);
	close(slave);
	FAILS(read(master, text, 1), EIO);
	FAILS(tcgetattr(fd, &modes), ENOTTY);
	return done();
}
