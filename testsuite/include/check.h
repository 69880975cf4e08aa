/*
 * check.h: a small vocabulary for test programs.
 *
 * A program makes checks with CHECK, WANT and FAILS, then returns done(). Each
 * check prints a line that the runner reads:
 *
 *     ok 1 - connect(fd, ...) is 0
 *     not ok 2 - bind(other) fails with EADDRINUSE: got 0 (tcp_bind.c:31)
 *
 * done() prints the plan and answers the exit code: 0 when every check is ok. What
 * is no check but has to work (a socket to test with) goes through NEED, which ends
 * the program with "Bail out!" so that a broken set-up is told from a failure.
 *
 * With CHECK_DIALECT=ltp in the environment the lines and the exit code are LTP's: a
 * program then stands in for an LTP case (testsuite/ltp/own).
 *
 * Programs are one file each, run alone, end by themselves (an alarm ends them
 * after 20 s) and pass on Linux, whose version stands in their first lines.
 */
#ifndef CHECK_H
#define CHECK_H

/* Every program is about Linux; include this file, or one that includes it, first. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int check_count, check_failed;

/* Bytes in a page: 4 KiB on riscv64, 16 KiB on loongarch64. */
#define PAGE ((size_t)sysconf(_SC_PAGESIZE))

/* An address where nothing is mapped. */
static void *volatile nowhere __attribute__((unused)) = (void *)8;

/* Name of an error number, for people. */
static inline const char *check_errno(int number)
{
	static const struct { int number; const char *name; } names[] = {
#define N(e) { e, #e }
		N(EPERM), N(ENOENT), N(ESRCH), N(EINTR), N(EIO), N(ENXIO), N(E2BIG), N(ENOEXEC), N(EBADF),
		N(ECHILD), N(EAGAIN), N(ENOMEM), N(EACCES), N(EFAULT), N(EBUSY), N(EEXIST), N(EXDEV), N(ENODEV),
		N(ENOTDIR), N(EISDIR), N(EINVAL), N(EMFILE), N(ENOTTY), N(EFBIG), N(ENOSPC), N(ESPIPE), N(EROFS),
		N(EMLINK), N(EPIPE), N(ERANGE), N(EDEADLK), N(ENAMETOOLONG), N(ENOSYS), N(ENOTEMPTY), N(ELOOP),
		N(EOVERFLOW), N(ENOTSOCK), N(EDESTADDRREQ), N(EMSGSIZE), N(EPROTOTYPE), N(ENOPROTOOPT),
		N(EPROTONOSUPPORT), N(ESOCKTNOSUPPORT), N(EOPNOTSUPP), N(EAFNOSUPPORT), N(EADDRINUSE),
		N(EADDRNOTAVAIL), N(ENETDOWN), N(ENETUNREACH), N(ECONNABORTED), N(ECONNRESET), N(ENOBUFS),
		N(EISCONN), N(ENOTCONN), N(ETIMEDOUT), N(ECONNREFUSED), N(EHOSTUNREACH), N(EALREADY), N(EINPROGRESS),
#undef N
	};
	static char text[16];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].number == number)
			return names[i].name;
	snprintf(text, sizeof text, "errno %d", number);
	return text;
}

/* Whether LTP's dialect is asked for. */
static inline int check_ltp(void)
{
	const char *dialect = getenv("CHECK_DIALECT");

	return dialect && strcmp(dialect, "ltp") == 0;
}

/* One result line; `want` is an error number where the call should fail, else 0. */
static inline void check_report(int good, const char *what, long long got, int error, const char *file, int line)
{
	check_count++;
	check_failed += !good;
	if (check_ltp())
		printf("%s:%d: %s: %s%s%s\n", file, line, good ? "TPASS" : "TFAIL", what,
		       !good && error ? ": got " : "", !good && error ? check_errno(error) : "");
	else if (good)
		printf("ok %d - %s\n", check_count, what);
	else if (got == -1 && error)
		printf("not ok %d - %s: got -1 %s (%s:%d)\n", check_count, what, check_errno(error), file, line);
	else
		printf("not ok %d - %s: got %lld (%s:%d)\n", check_count, what, got, file, line);
	fflush(stdout);
}

static inline void check_bail(const char *what, int error, const char *file, int line)
{
	if (check_ltp())
		printf("%s:%d: TBROK: %s: %s\n", file, line, what, check_errno(error));
	else
		printf("Bail out! %s: %s (%s:%d)\n", what, check_errno(error), file, line);
	fflush(stdout);
	_exit(2);
}

/* The condition holds. */
#define CHECK(condition) \
	do { int check_good = !!(condition); \
	     check_report(check_good, #condition, check_good, 0, __FILE__, __LINE__); } while (0)

/* The call answers this value. */
#define WANT(call, value) \
	do { errno = 0; long long check_got = (long long)(call); int check_error = errno; \
	     check_report(check_got == (long long)(value), #call " is " #value, check_got, check_error, __FILE__, __LINE__); } while (0)

/* The call answers -1 with this error. */
#define FAILS(call, error) \
	do { errno = 0; long long check_got = (long long)(call); int check_error = errno; \
	     check_report(check_got == -1 && check_error == (error), #call " fails with " #error, check_got, check_error, __FILE__, __LINE__); } while (0)

/* Set-up: the call does not answer -1, or the program ends here. Gives its value. */
#define NEED(call) \
	({ errno = 0; __typeof__(call) check_value = (call); \
	   (check_value == (__typeof__(call))-1) ? check_bail(#call, errno, __FILE__, __LINE__) : (void)0; check_value; })

/* What the program is about is not there to be tested: one skipped check, exit 0. */
static inline int skip(const char *why)
{
	if (check_ltp()) {
		printf("check.h:1: TCONF: %s\n", why);
		return 32;
	}
	printf("1..1\nok 1 - all # SKIP %s\n", why);
	return 0;
}

/* The plan and the exit code; the last thing main does. */
static inline int done(void)
{
	if (check_ltp())
		printf("\nSummary:\npassed   %d\nfailed   %d\nbroken   0\nskipped  0\nwarnings 0\n",
		       check_count - check_failed, check_failed);
	else
		printf("1..%d\n", check_count);
	fflush(stdout);
	return check_failed || check_count == 0;
}

/* Monotonic time in milliseconds. */
static inline long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static inline void sleep_ms(long ms)
{
	struct timespec span = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&span, &span) == -1 && errno == EINTR)
		;
}

/* Runs `body` in a child; answers its wait status. A child's checks do not count:
 * it says what it saw through its exit code. */
static inline int in_child(void (*body)(void))
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		body();
		_exit(0);
	}
	NEED(waitpid(child, &status, 0));
	return status;
}

/* Waits for a child that must have left with exit code 0. */
static inline int left_well(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A program that hangs is ended by SIGALRM; whole lines leave at once. */
__attribute__((constructor)) static void check_start(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(20);
}

#endif
