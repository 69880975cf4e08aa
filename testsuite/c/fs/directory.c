/*
 * Listing a directory: every name once, also while names come and go; a directory
 * that is removed under its reader; getcwd(2).
 * Agrees: Linux 6.18.
 */
#include "scratch.h"
#include <dirent.h>
#include <fcntl.h>

enum { COUNT = 500 };

int main(void)
{
	char name[32], here[256], text[256];
	int seen[COUNT] = { 0 }, dots = 0, wrong = 0, once = 1, number;
	struct dirent *entry;
	DIR *dir;

	scratch();
	NEED(getcwd(here, sizeof here) ? 0 : -1);
	NEED(mkdir("many", 0755));
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof name, "many/%d", i);
		close(NEED(open(name, O_CREAT | O_WRONLY, 0644)));
	}
	dir = opendir("many");
	CHECK(dir != NULL);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.') {
			dots++;
			wrong |= entry->d_type != DT_DIR;
			continue;
		}
		number = atoi(entry->d_name);
		wrong |= entry->d_type != DT_REG || number < 0 || number >= COUNT;
		seen[number]++;
		/* What was just listed may go without disturbing the rest. */
		if (number % 2) {
			snprintf(name, sizeof name, "many/%d", number);
			NEED(unlink(name));
		}
	}
	for (int i = 0; i < COUNT; i++)
		once &= seen[i] == 1;
	WANT(dots, 2);
	CHECK(once);
	CHECK(!wrong);

	rewinddir(dir);
	number = 0;
	while ((entry = readdir(dir)))
		number++;
	WANT(number, COUNT / 2 + 2);
	closedir(dir);

	/* Paths of where we are. */
	NEED(mkdir("in", 0755));
	WANT(chdir("in"), 0);
	CHECK(getcwd(text, sizeof text) && !strncmp(text, here, strlen(here)) && !strcmp(text + strlen(here), "/in"));
	CHECK(!getcwd(text, 4) && errno == ERANGE);
	NEED(rename("../in", "../out"));
	CHECK(getcwd(text, sizeof text) && !strcmp(text + strlen(here), "/out"));
	NEED(rmdir("../out"));
	CHECK(!getcwd(text, sizeof text) && errno == ENOENT);
	FAILS(open("x", O_CREAT | O_RDWR, 0644), ENOENT);
	FAILS(chdir("none"), ENOENT);
	WANT(chdir(".."), 0);
	FAILS(chdir("many/0"), ENOTDIR);
	return done();
}
