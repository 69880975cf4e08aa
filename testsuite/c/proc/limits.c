/*
 * setrlimit(2): RLIMIT_NOFILE is EMFILE, RLIMIT_FSIZE is EFBIG or SIGXFSZ, RLIMIT_AS is
 * ENOMEM; soft may not pass hard.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

int main(void)
{
	struct rlimit limit, got;
	char name[64];
	int fd;

	NEED(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 10;
	WANT(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while ((fd = open("/dev/null", O_RDONLY)) != -1 && fd < 20)
		;
	WANT(fd, -1);
	FAILS(open("/dev/null", O_RDONLY), EMFILE);
	FAILS(dup(0), EMFILE);
	FAILS(dup2(0, 10), EBADF);
	WANT(dup2(0, 9), 9);
	limit.rlim_cur = limit.rlim_max;
	WANT(setrlimit(RLIMIT_NOFILE, &limit), 0);
	NEED(getrlimit(RLIMIT_NOFILE, &got));
	WANT(got.rlim_cur, limit.rlim_max);
	limit = (struct rlimit){ 2, 1 };
	FAILS(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
	FAILS(getrlimit(9999, &got), EINVAL);

	signal(SIGXFSZ, SIG_IGN);
	limit = (struct rlimit){ 5000, RLIM_INFINITY };
	NEED(setrlimit(RLIMIT_FSIZE, &limit));
	snprintf(name, sizeof name, "/tmp/limits.%d", getpid());
	fd = NEED(open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	NEED(unlink(name));
	WANT(pwrite(fd, "xxxxxxxxxx", 10, 4995), 5);
	FAILS(pwrite(fd, "x", 1, 5000), EFBIG);
	limit = (struct rlimit){ 64 << 20, RLIM_INFINITY };
	NEED(setrlimit(RLIMIT_AS, &limit));
	FAILS((long)mmap(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	return done();
}
