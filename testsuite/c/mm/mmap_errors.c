/*
 * mmap(2), munmap(2), mprotect(2) with arguments that cannot be.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define MAP(address, length, protection, flags, fd, offset) ((long)mmap(address, length, protection, flags, fd, offset))

int main(void)
{
	int read_only = NEED(open("/proc/self/exe", O_RDONLY)), ends[2];
	char *page = NEED(mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	NEED(pipe(ends));
	FAILS(MAP(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
	FAILS(MAP(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
	FAILS(MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
	FAILS(MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, read_only, 100), EINVAL);
	FAILS(MAP(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, read_only, 0), EACCES);
	FAILS(MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0), ENODEV);
	FAILS(MAP((void *)100, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL);
	FAILS(MAP(page, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	FAILS(MAP(NULL, ~0UL & ~(PAGE - 1UL), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	FAILS(munmap(page + 1, PAGE), EINVAL);
	FAILS(munmap(page, 0), EINVAL);
	WANT(munmap(page, PAGE), 0);
	WANT(munmap(page, PAGE), 0);
	FAILS(mprotect(page, 2 * PAGE, PROT_READ), ENOMEM);
	/* Not through the C library: musl rounds the address. */
	FAILS(syscall(SYS_mprotect, page + PAGE + 1, 10, PROT_READ), EINVAL);
	WANT(mprotect(page + PAGE, PAGE, PROT_NONE), 0);
	FAILS(madvise(page + PAGE, PAGE, 12345), EINVAL);
	return done();
}
