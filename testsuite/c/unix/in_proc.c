/*
 * /proc/net/unix lists sockets with type, state, inode and name. proc(5).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"
#include "text.h"

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	unsigned refs, protocol, flags, type, state;
	unsigned long inode = 0;
	int fd = NEED(socket(AF_UNIX, SOCK_STREAM, 0));
	char want[40], *line;

	snprintf(name.sun_path + 1, 30, "listed-%d", getpid());
	NEED(bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t) + 1 + strlen(name.sun_path + 1)));
	NEED(listen(fd, 1));
	snprintf(want, sizeof want, "@%s", name.sun_path + 1);
	CHECK(strncmp(text_of("/proc/net/unix"), "Num       RefCount Protocol Flags    Type St Inode Path\n", 55) == 0);
	line = line_with(text_of("/proc/net/unix"), want, 0);
	CHECK(line != NULL);
	WANT(sscanf(line ? line : "", "%*[^:]: %x %x %x %x %x %lu", &refs, &protocol, &flags, &type, &state, &inode), 6);
	WANT(flags, 0x10000);
	WANT(type, 1);
	WANT(state, 1);
	CHECK(inode > 0);
	close(fd);
	CHECK(strstr(text_of("/proc/net/unix"), want) == NULL);
	return done();
}
