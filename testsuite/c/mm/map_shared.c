/*
 * MAP_SHARED (mmap(2)): an anonymous mapping is one memory for parent and child; a file
 * mapping shows in read(2) and in another mapping; MAP_PRIVATE does not.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/mman.h>

static volatile int *shared;

static void writes(void)
{
	shared[0] = 42;
	shared[1024] = 43;
}

int main(void)
{
	char name[64], text[8] = "", *one, *two, *private;
	int fd;

	shared = NEED(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	WANT(shared[0], 0);
	WANT(in_child(writes), 0);
	WANT(shared[0], 42);
	WANT(shared[1024], 43);

	snprintf(name, sizeof name, "/tmp/map_shared.%d", getpid());
	fd = NEED(open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	NEED(unlink(name));
	NEED(write(fd, "original", 8));
	NEED(ftruncate(fd, 4096));
	one = NEED(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	two = NEED(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	private = NEED(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	CHECK(memcmp(one, "original", 8) == 0);
	memcpy(one, "changed!", 8);
	CHECK(memcmp(two, "changed!", 8) == 0);
	WANT(pread(fd, text, 8, 0), 8);
	CHECK(memcmp(text, "changed!", 8) == 0);
	NEED(pwrite(fd, "by write", 8, 0));
	CHECK(memcmp(two, "by write", 8) == 0);
	memcpy(private, "private!", 8);
	CHECK(memcmp(two, "by write", 8) == 0);
	CHECK(memcmp(private, "private!", 8) == 0);
	WANT(msync(one, 4096, MS_SYNC), 0);
	WANT(close(fd), 0);
	CHECK(memcmp(one, "by write", 8) == 0);
	return done();
}
