/*
 * fork(2): private memory is a copy, both ways, for data, heap, stack and anonymous
 * mappings; many generations and many pages.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <sys/mman.h>

#define PAGES 64

static int data = 1;
static char *pages;
static int *heap;

static void changes(void)
{
	data = 2;
	*heap = 2;
	memset(pages, 'c', PAGES * 4096);
}

static void sees_and_changes(void)
{
	if (data != 1 || *heap != 1 || pages[0] != 'p' || pages[PAGES * 4096 - 1] != 'p')
		_exit(1);
	changes();
	/* A grandchild sees its parent's copy, not its grandparent's. */
	pid_t child = fork();

	if (child == 0)
		_exit(data == 2 && pages[5 * 4096] == 'c' ? 0 : 1);
	_exit(left_well(child) ? 0 : 2);
}

int main(void)
{
	int local = 1, status;
	pid_t child;

	pages = NEED(mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	memset(pages, 'p', PAGES * 4096);
	heap = malloc(sizeof *heap);
	*heap = 1;
	WANT(in_child(sees_and_changes), 0);
	WANT(data, 1);
	WANT(*heap, 1);
	CHECK(pages[0] == 'p' && pages[PAGES * 4096 - 1] == 'p');
	fflush(stdout);
	child = NEED(fork());
	if (child == 0) {
		sleep_ms(50);
		_exit(pages[4096] == 'p' && local == 1 ? 0 : 1);
	}
	pages[4096] = 'x';
	local = 2;
	NEED(waitpid(child, &status, 0));
	WANT(status, 0);
	for (int i = 0; i < 20; i++)
		if (in_child(changes) != 0)
			break;
	WANT(data, 1);
	return done();
}
