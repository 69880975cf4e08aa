/*
 * A shared mapping of a file and read(2) and write(2) see the same bytes, in this
 * process and in a child; a private one keeps its changes.
 * Agrees: Linux 6.18.
 */
#include "scratch.h"
#include <fcntl.h>
#include <sys/mman.h>

static char *shared;

static void change(void)
{
	shared[1] = 'C';
	_exit(shared[0] == 'P' ? 0 : 1);
}

int main(void)
{
	char c, *private;
	int fd, ro;

	scratch();
	fd = NEED(open("f", O_CREAT | O_RDWR, 0644));
	NEED(ftruncate(fd, 8192));
	WANT(pwrite(fd, "abcd", 4, 0), 4);
	shared = NEED(mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	private = NEED(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	WANT(shared[2], 'c');
	WANT(private[2], 'c');
	shared[0] = 'P';
	WANT(pread(fd, &c, 1, 0), 1);
	WANT(c, 'P');
	WANT(pwrite(fd, "W", 1, 5000), 1);
	WANT(shared[5000], 'W');
	private[3] = '!';
	WANT(shared[3], 'd');
	WANT(in_child(change), 0);
	WANT(shared[1], 'C');
	WANT(pread(fd, &c, 1, 1), 1);
	WANT(c, 'C');
	WANT(msync(shared, 8192, MS_SYNC), 0);

	/* The mapping keeps the file when name and descriptor are gone. */
	NEED(unlink("f"));
	close(fd);
	WANT(shared[5000], 'W');
	WANT(munmap(shared, 8192), 0);

	close(NEED(open("g", O_CREAT | O_RDWR, 0644)));
	ro = NEED(open("g", O_RDONLY));
	CHECK(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0) == MAP_FAILED && errno == EACCES);
	CHECK(mmap(0, 4096, PROT_READ, MAP_SHARED, 99, 0) == MAP_FAILED && errno == EBADF);
	return done();
}
