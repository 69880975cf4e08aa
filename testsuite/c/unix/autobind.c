/*
 * bind(2) with the family alone gives an abstract name of five hexadecimal digits. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length = sizeof name;
	int fd = NEED(socket(AF_UNIX, SOCK_DGRAM, 0)), other = NEED(socket(AF_UNIX, SOCK_DGRAM, 0)), digits = 0;
	char byte;

	WANT(bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t)), 0);
	WANT(getsockname(fd, (struct sockaddr *)&name, &length), 0);
	WANT(length, sizeof(sa_family_t) + 6);
	WANT(name.sun_path[0], 0);
	for (int i = 1; i < 6; i++)
		digits += strchr("0123456789abcdef", name.sun_path[i]) != NULL;
	WANT(digits, 5);
	WANT(sendto(other, "x", 1, 0, (struct sockaddr *)&name, length), 1);
	WANT(recv(fd, &byte, 1, 0), 1);
	return done();
}
