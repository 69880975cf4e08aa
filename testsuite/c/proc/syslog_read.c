/*
 * SYSLOG_ACTION_READ: takes what was not read before, waits for a record when there is none,
 * and a signal ends the wait; SYSLOG_ACTION_SIZE_UNREAD counts what it would give, and each
 * record begins with its level in angle brackets. syslog(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "check.h"
#include "handler.h"

#include <fcntl.h>
#include <sys/klog.h>

#define READ 2
#define SIZE_UNREAD 9

static char text[1 << 20];

/* Writes a record to the log. Without its newline it could still be continued, and would not be shown. */
static void record(const char *line)
{
	int fd = NEED(open("/dev/kmsg", O_WRONLY));

	NEED(write(fd, line, strlen(line)));
	close(fd);
}

int main(void)
{
	volatile int negative = -1;
	pid_t child;
	int got;

	if (klogctl(SIZE_UNREAD, NULL, 0) == -1 && errno == EPERM)
		return skip("no right to read the log");
	FAILS(klogctl(READ, NULL, 10), EINVAL);
	FAILS(klogctl(READ, text, negative), EINVAL);
	WANT(klogctl(READ, text, 0), 0);

	/* To the end; then there is nothing. */
	record("<6>syslog_read: begins\n");
	for (int i = 0; i < 1000 && klogctl(SIZE_UNREAD, NULL, 0) > 0; i++)
		NEED(klogctl(READ, text, sizeof text));
	WANT(klogctl(SIZE_UNREAD, NULL, 0), 0);

	record("<5>syslog_read: first\n");
	CHECK(klogctl(SIZE_UNREAD, NULL, 0) > 20);
	memset(text, 0, sizeof text);
	got = klogctl(READ, text, sizeof text - 1);
	CHECK(got > 20);
	CHECK(text[0] == '<' && strchr(text, '>'));
	CHECK(strstr(text, "syslog_read: first\n") != NULL);
	CHECK(strstr(text, "syslog_read: begins") == NULL);

	/* A part, and the rest. */
	record("<5>syslog_read: in two parts\n");
	memset(text, 0, sizeof text);
	WANT(klogctl(READ, text, 4), 4);
	got = klogctl(READ, text + 4, sizeof text - 5);
	CHECK(got > 0 && strstr(text, "syslog_read: in two parts\n") != NULL);

	/* Nothing there: it waits for a record. */
	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		sleep_ms(60);
		record("<5>syslog_read: late\n");
		_exit(0);
	}
	memset(text, 0, sizeof text);
	got = klogctl(READ, text, sizeof text - 1);
	CHECK(got > 0 && strstr(text, "syslog_read: late\n") != NULL);
	CHECK(left_well(child));

	/* Or for a signal. */
	handle(SIGUSR1, 0);
	child = signal_later(SIGUSR1, 60);
	FAILS(klogctl(READ, text, sizeof text), EINTR);
	CHECK(left_well(child));
	WANT(handled, 1);
	return done();
}
