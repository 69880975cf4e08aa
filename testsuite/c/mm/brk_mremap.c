/*
 * brk(2) grows and shrinks; mremap(2) keeps what was there, in place or moved;
 * MADV_DONTNEED empties anonymous memory.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <sys/mman.h>
#include <sys/syscall.h>

int main(void)
{
	char *start, *area, *moved, *target;
	int grew, shrank, again, empty, refused;

	/* Nothing is printed meanwhile: the C library's own heap lies at the break too. */
	start = (char *)syscall(SYS_brk, 0);
	grew = (char *)syscall(SYS_brk, start + 40960) == start + 40960;
	memset(start, 'h', 40960);
	shrank = (char *)syscall(SYS_brk, start + 4096) == start + 4096;
	again = (char *)syscall(SYS_brk, start + 8192) == start + 8192;
	/* A page that was given back comes back empty. */
	empty = start[4096 + 4095] == 0 && start[4095] == 'h';
	refused = (char *)syscall(SYS_brk, 4096) == start + 8192;
	syscall(SYS_brk, start);
	CHECK(grew);
	CHECK(shrank);
	CHECK(again);
	CHECK(empty);
	CHECK(refused);

	area = NEED(mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	memset(area, 'a', 16384);
	moved = NEED(mremap(area, 16384, 8192, 0));
	CHECK(moved == area);
	moved = NEED(mremap(area, 8192, 1 << 20, MREMAP_MAYMOVE));
	WANT(moved[8191], 'a');
	WANT(moved[8192], 0);
	moved[(1 << 20) - 1] = 'z';
	target = NEED(mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CHECK(mremap(moved, 1 << 20, 1 << 20, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
	WANT(target[0], 'a');
	WANT(target[(1 << 20) - 1], 'z');
	FAILS((long)mremap(moved, 4096, 8192, MREMAP_MAYMOVE), EFAULT);
	WANT(madvise(target, 4096, MADV_DONTNEED), 0);
	WANT(target[0], 0);
	WANT(target[4096], 'a');
	return done();
}
