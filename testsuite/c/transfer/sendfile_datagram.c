/*
 * sendfile(2) to a datagram socket makes datagrams of what it reads.
 * Agrees: Linux 6.18, 7.2.
 */
#include "scratch.h"
#include "net.h"

#include <sys/sendfile.h>

int main(void)
{
	struct pair pair = udp_pair(AF_INET);
	char buffer[64];
	int file;

	scratch();
	file = NEED(open("data", O_CREAT | O_RDWR, 0600));
	NEED(write(file, "datagram", 8));
	NEED(lseek(file, 0, SEEK_SET));
	WANT(sendfile(pair.client, file, NULL, 100), 8);
	WANT(recv(pair.server, buffer, sizeof buffer, 0), 8);
	WANT(memcmp(buffer, "datagram", 8), 0);
	return done();
}
