/*
 * execve(2): arguments and environment arrive, descriptors stay open except close-on-
 * exec ones, handled signals are reset and ignored ones stay; scripts with #!; errors.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>

static char self[256];
static int kept, dropped;

static int again(char **arguments)
{
	struct sigaction handled, ignored;

	sigaction(SIGUSR1, NULL, &handled);
	sigaction(SIGUSR2, NULL, &ignored);
	if (strcmp(arguments[2], "two words") != 0)
		return 1;
	if (!getenv("MARK") || strcmp(getenv("MARK"), "here") != 0 || getenv("PATH"))
		return 2;
	if (fcntl(atoi(arguments[3]), F_GETFD) == -1)
		return 3;
	if (fcntl(atoi(arguments[4]), F_GETFD) != -1)
		return 4;
	if (handled.sa_handler != SIG_DFL || ignored.sa_handler != SIG_IGN)
		return 5;
	if (getauxval(AT_PAGESZ) != 4096 && getauxval(AT_PAGESZ) != 16384)
		return 6;
	if (getauxval(AT_RANDOM) == 0 || getauxval(AT_PHDR) == 0 || getauxval(AT_UID) != getuid())
		return 7;
	return 0;
}

static void on_signal(int number) { (void)number; }

static void runs(void)
{
	char a[16], b[16];
	char *arguments[] = { self, "again", "two words", a, b, NULL }, *environment[] = { "MARK=here", NULL };

	snprintf(a, sizeof a, "%d", kept);
	snprintf(b, sizeof b, "%d", dropped);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	execve(self, arguments, environment);
	_exit(100);
}

static char script[64];

static void runs_script(void)
{
	execl(script, script, "x", NULL);
	_exit(100);
}

int main(int argc, char **argv)
{
	int fd, status;
	ssize_t n;

	if (argc > 4 && strcmp(argv[1], "again") == 0)
		return again(argv);
	n = NEED(readlink("/proc/self/exe", self, sizeof self - 1));
	self[n] = 0;
	kept = NEED(open("/dev/null", O_RDONLY));
	dropped = NEED(open("/dev/null", O_RDONLY | O_CLOEXEC));
	status = in_child(runs);
	CHECK(WIFEXITED(status));
	WANT(WEXITSTATUS(status), 0);

	snprintf(script, sizeof script, "/tmp/exec.%d", getpid());
	fd = NEED(open(script, O_WRONLY | O_CREAT | O_EXCL, 0755));
	NEED(write(fd, "#!/bin/sh\nexit 9\n", 17));
	close(fd);
	WANT(WEXITSTATUS(in_child(runs_script)), 9);
	FAILS(execl("/nonexistent", "x", NULL), ENOENT);
	FAILS(execl("/tmp", "x", NULL), EACCES);
	NEED(chmod(script, 0644));
	FAILS(execl(script, "x", NULL), EACCES);
	NEED(chmod(script, 0755));
	fd = NEED(open(script, O_WRONLY | O_TRUNC));
	NEED(write(fd, "\177ELF garbage", 12));
	close(fd);
	FAILS(execl(script, "x", NULL), ENOEXEC);
	NEED(unlink(script));
	return done();
}
