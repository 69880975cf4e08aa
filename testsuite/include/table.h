/*
 * table.h: a program that dumps what it sees as rows, and holds what Linux answered.
 *
 *     static const struct row linux_says[] = { { "tcp fresh", "out hup" }, ... };
 *     ROW("tcp fresh", "%s", text);
 *     return rows_done();
 *
 * Each row is one check. With the argument "dump" the program prints the rows as C,
 * ready to be pasted; run it so on Linux only. What Linux versions or architectures
 * differ in does not belong into a row.
 */
#ifndef TABLE_H
#define TABLE_H

#include "check.h"

#include <stdarg.h>

struct row {
	const char *name, *says;
};

static const struct row *rows;
static size_t row_count, rows_seen;
static int rows_dump;

/* Begins: `table` is what Linux answered. */
#define ROWS(table, argc, argv) \
	do { rows = (table); row_count = sizeof(table) / sizeof *(table); \
	     rows_dump = (argc) > 1 && strcmp((argv)[1], "dump") == 0; } while (0)

__attribute__((format(printf, 3, 4)))
static inline void check_row(int line, const char *name, const char *format, ...)
{
	char got[512], what[1200];
	const char *want = NULL;
	va_list list;

	va_start(list, format);
	vsnprintf(got, sizeof got, format, list);
	va_end(list);
	rows_seen++;
	if (rows_dump) {
		printf("\t{ \"%s\", \"%s\" },\n", name, got);
		return;
	}
	for (size_t i = 0; i < row_count; i++)
		if (strcmp(rows[i].name, name) == 0)
			want = rows[i].says;
	if (want && strcmp(want, got) == 0) {
		snprintf(what, sizeof what, "%s: %s", name, got);
		check_report(1, what, 0, 0, __FILE__, line);
	} else {
		snprintf(what, sizeof what, "%s: [%s] where Linux says [%s]", name, got, want ? want : "nothing");
		check_report(0, what, 0, 0, __FILE__, line);
	}
}

#define ROW(name, ...) check_row(__LINE__, name, __VA_ARGS__)

/* The plan and the exit code; a row that was not asked for is a failure. */
static inline int rows_done(void)
{
	if (rows_dump)
		return 0;
	WANT(rows_seen, row_count);
	return done();
}

/* A call's answer as text: a number, or the error's name. */
static inline const char *answer(long long value)
{
	static char text[4][32];
	static int turn;
	int error = errno;
	char *here = text[turn++ % 4];

	if (value == -1)
		snprintf(here, sizeof *text, "%s", check_errno(error));
	else
		snprintf(here, sizeof *text, "%lld", value);
	return here;
}

#endif
