/*
 * socketpair(2): EOPNOTSUPP for Internet families, EFAULT and EMFILE without a leaked
 * descriptor.
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <sys/resource.h>

int main(void)
{
	int ends[2], before = NEED(open("/dev/null", O_RDONLY)), after;
	struct rlimit limit;

	close(before);
	FAILS(socketpair(AF_INET, SOCK_STREAM, 0, ends), EOPNOTSUPP);
	FAILS(socketpair(AF_INET6, SOCK_DGRAM, 0, ends), EOPNOTSUPP);
	FAILS(socketpair(AF_UNIX, SOCK_STREAM, 7, ends), EPROTONOSUPPORT);
	FAILS(socketpair(AF_UNIX, 15, 0, ends), EINVAL);
	FAILS(socketpair(AF_UNIX, SOCK_RDM, 0, ends), ESOCKTNOSUPPORT);
	FAILS(socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere), EFAULT);
	after = NEED(open("/dev/null", O_RDONLY));
	WANT(after, before);
	close(after);
	NEED(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = before + 1;
	NEED(setrlimit(RLIMIT_NOFILE, &limit));
	FAILS(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), EMFILE);
	after = NEED(socket(AF_INET, SOCK_STREAM, 0));
	WANT(after, before);
	FAILS(socket(AF_INET, SOCK_STREAM, 0), EMFILE);
	return done();
}
