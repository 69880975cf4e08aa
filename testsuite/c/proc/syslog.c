/*
 * syslog(2): the buffer's size, reading all of it, clearing, console levels, errors.
 * Agrees: Linux 6.18.
 */
#include "check.h"

#include <fcntl.h>
#include <sys/klog.h>

/* The console's level as the kernel shows it. */
static int level(void)
{
	int number = -1;
	FILE *file = fopen("/proc/sys/kernel/printk", "r");

	if (!file)
		return -1;
	if (fscanf(file, "%d", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

int main(void)
{
	static char text[1 << 16];
	int size, before, got;

	size = NEED(klogctl(10, NULL, 0));
	CHECK(size >= 4096);
	got = klogctl(3, text, sizeof text);
	if (got == -1 && errno == EPERM)
		return skip("no right to read the log");
	CHECK(got > 0);
	CHECK(text[0] == '<');
	FAILS(klogctl(3, NULL, 10), EINVAL);
	FAILS(klogctl(3, text, -1), EINVAL);
	FAILS(klogctl(77, text, 1), EINVAL);
	WANT(klogctl(3, text, 0), 0);
	CHECK(klogctl(9, NULL, 0) >= 0);

	before = level();
	if (before < 0)
		return skip("no /proc/sys/kernel/printk");
	WANT(klogctl(8, NULL, 4), 0);
	WANT(level(), 4);
	FAILS(klogctl(8, NULL, 0), EINVAL);
	FAILS(klogctl(8, NULL, 9), EINVAL);
	WANT(klogctl(6, NULL, 0), 0);
	CHECK(level() < 4);
	WANT(klogctl(7, NULL, 0), 0);
	WANT(level(), 4);
	WANT(klogctl(8, NULL, before), 0);

	WANT(klogctl(5, NULL, 0), 0);
	got = klogctl(3, text, sizeof text);
	CHECK(got >= 0 && got < size);
	return done();
}
