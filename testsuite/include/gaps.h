/*
 * gaps.h: what a call left in the bytes that mean nothing.
 *
 *     fresh();                                   // `out` is full of a pattern
 *     fstat(fd, out);
 *     ROW("fstat", "%s", bytes(40, 48));         // "zero": cleared; "kept": not written
 *
 * Anything else is shown in hexadecimal: a leak, until somebody knows better.
 */
#ifndef GAPS_H
#define GAPS_H

#include "table.h"

#define PATTERN 0xa5

/* Aligned as any structure may want it. */
static unsigned char out[16384] __attribute__((aligned(64)));

static inline void fresh(void)
{
	memset(out, PATTERN, sizeof out);
}

/* Bytes from `from` up to `to` in words: zero, kept, or what they are. */
static inline const char *bytes_of(const unsigned char *base, size_t from, size_t to)
{
	static char text[6][160];
	static int turn;
	char *here = text[turn++ % 6];
	size_t zero = 0, kept = 0;

	for (size_t i = from; i < to; i++) {
		zero += base[i] == 0;
		kept += base[i] == PATTERN;
	}
	if (zero == to - from)
		return "zero";
	if (kept == to - from)
		return "kept";
	*here = 0;
	for (size_t i = from; i < to && i < from + 64; i++)
		sprintf(here + strlen(here), "%02x", base[i]);
	return here;
}

#define bytes(from, to) bytes_of(out, from, to)

/* The bytes behind a field up to an offset. */
#define AFTER(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

#endif
