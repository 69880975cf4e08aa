/* A directory of its own for each test, under /tmp. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "check.h"
#include <sys/stat.h>

/* Makes it and goes there. */
static inline void scratch(void)
{
	static char name[] = "/tmp/check-XXXXXX";

	umask(022);
	if (!mkdtemp(name))
		check_bail("mkdtemp", errno, __FILE__, __LINE__);
	NEED(chdir(name));
}

#endif
