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
	grew = (char *)syscall(SYS_brk, start + 10 * PAGE) == start + 10 * PAGE;
	memset(start, 'h', 10 * PAGE);
	shrank = (char *)syscall(SYS_brk, start + PAGE) == start + PAGE;
	again = (char *)syscall(SYS_brk, start + 2 * PAGE) == start + 2 * PAGE;
	/* A page that was given back comes back empty. */
	empty = start[2 * PAGE - 1] == 0 && start[PAGE - 1] == 'h';
	refused = (char *)syscall(SYS_brk, PAGE) == start + 2 * PAGE;
	syscall(SYS_brk, start);
	CHECK(grew);
	CHECK(shrank);
	CHECK(again);
	CHECK(empty);
	CHECK(refused);

	area = NEED(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	memset(area, 'a', 4 * PAGE);
	moved = NEED(mremap(area, 4 * PAGE, 2 * PAGE, 0));
	CHECK(moved == area);
	moved = NEED(mremap(area, 2 * PAGE, 1 << 20, MREMAP_MAYMOVE));
	WANT(moved[2 * PAGE - 1], 'a');
	WANT(moved[2 * PAGE], 0);
	moved[(1 << 20) - 1] = 'z';
	target = NEED(mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CHECK(mremap(moved, 1 << 20, 1 << 20, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
	WANT(target[0], 'a');
	WANT(target[(1 << 20) - 1], 'z');
	FAILS((long)mremap(moved, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
	WANT(madvise(target, PAGE, MADV_DONTNEED), 0);
	WANT(target[0], 0);
	WANT(target[PAGE], 'a');
	return done();
}
