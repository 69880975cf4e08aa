/* Small files as text: what /proc and /sys show and take. */
#ifndef TEXT_H
#define TEXT_H

#include "check.h"

#include <fcntl.h>

/* The file's text, in a buffer that the next call reuses; empty where it cannot be read. */
static inline char *text_of(const char *path)
{
	static char text[1 << 17];
	size_t length = 0;
	int fd = open(path, O_RDONLY);
	ssize_t n;

	while (fd != -1 && (n = read(fd, text + length, sizeof text - 1 - length)) > 0)
		length += n;
	if (fd != -1)
		close(fd);
	text[length] = 0;
	return text;
}

/* Writes in one call; 0 or -1. */
static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	ssize_t n = fd == -1 ? -1 : write(fd, text, strlen(text));
	int error = errno;

	if (fd != -1)
		close(fd);
	errno = error;
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* The `index`th line that contains `part`, without its end; null where there is none. */
static inline char *line_with(char *text, const char *part, int index)
{
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, part) && index-- == 0)
			return line;
	return NULL;
}

#endif
