/*
 * Connecting needs write permission for the socket's file: EACCES. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "scratch.h"
#include "net.h"

static struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "mine" };

static void stranger(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (setuid(1000) == -1)
		_exit(1);
	if (connect(fd, (struct sockaddr *)&name, sizeof name) != -1 || errno != EACCES)
		_exit(2);
}

static void allowed(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (setuid(1000) == -1 || connect(fd, (struct sockaddr *)&name, sizeof name) != 0)
		_exit(1);
}

int main(void)
{
	int fd = NEED(socket(AF_UNIX, SOCK_STREAM, 0));

	if (geteuid() != 0)
		return skip("not root");
	scratch();
	NEED(chmod(".", 0755));
	NEED(bind(fd, (struct sockaddr *)&name, sizeof name));
	NEED(listen(fd, 2));
	NEED(chmod("mine", 0755));
	WANT(in_child(stranger), 0);
	NEED(chmod("mine", 0777));
	WANT(in_child(allowed), 0);
	return done();
}
