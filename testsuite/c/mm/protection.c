/*
 * mprotect(2) and faults: a forbidden access is SIGSEGV with the address and SEGV_ACCERR
 * or SEGV_MAPERR (sigaction(2)); what the handler repairs is tried again; reading past
 * a mapped file is SIGBUS.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>

static char *page;
static volatile siginfo_t seen;
static int repairs;
static sigjmp_buf out;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	seen = *info;
	seen.si_signo = number;
	if (repairs) {
		repairs--;
		mprotect(page, PAGE, PROT_READ | PROT_WRITE);
		return;
	}
	siglongjmp(out, 1);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	volatile char *spot;
	char name[64];
	int fd;

	NEED(sigaction(SIGSEGV, &action, NULL));
	NEED(sigaction(SIGBUS, &action, NULL));
	page = NEED(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	page[0] = 'a';
	NEED(mprotect(page, PAGE, PROT_READ));
	WANT(page[0], 'a');
	repairs = 1;
	spot = page + 123;
	*spot = 'b';
	WANT(seen.si_signo, SIGSEGV);
	WANT(seen.si_code, SEGV_ACCERR);
	CHECK(seen.si_addr == page + 123);
	WANT(page[123], 'b');
	WANT(page[0], 'a');
	NEED(mprotect(page, PAGE, PROT_NONE));
	if (sigsetjmp(out, 1) == 0)
		(void)*spot;
	WANT(seen.si_code, SEGV_ACCERR);
	NEED(munmap(page, PAGE));
	if (sigsetjmp(out, 1) == 0)
		(void)*spot;
	WANT(seen.si_signo, SIGSEGV);
	WANT(seen.si_code, SEGV_MAPERR);

	snprintf(name, sizeof name, "/tmp/protection.%d", getpid());
	fd = NEED(open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	NEED(unlink(name));
	NEED(ftruncate(fd, 100));
	page = NEED(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	WANT(page[200], 0);
	spot = page + PAGE;
	if (sigsetjmp(out, 1) == 0)
		(void)*spot;
	WANT(seen.si_signo, SIGBUS);
	return done();
}
