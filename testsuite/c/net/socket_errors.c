/*
 * socket(2), bind(2), connect(2), send(2) with arguments that cannot be: the error of
 * each, and in which order they are looked for.
 * Agrees: Linux 6.18.
 */
#include "net.h"

int main(void)
{
	struct address address = loopback(AF_INET, 9);
	int tcp = NEED(socket(AF_INET, SOCK_STREAM, 0)), file = NEED(open("/dev/null", O_RDWR));
	struct pair pair = tcp_pair(AF_INET);
	char byte = 0;

	FAILS(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
	FAILS(socket(AF_INET, 15, 0), EINVAL);
	FAILS(socket(AF_INET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
	FAILS(socket(9999, SOCK_STREAM, 0), EAFNOSUPPORT);
	FAILS(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
	FAILS(bind(file, &address.any, address.length), ENOTSOCK);
	FAILS(bind(0x7fff, &address.any, address.length), EBADF);
	FAILS(bind(tcp, NULL, address.length), EFAULT);
	FAILS(bind(tcp, &address.any, -1), EINVAL);
	FAILS(connect(tcp, nowhere, address.length), EFAULT);
	FAILS(connect(tcp, &address.any, 1), EINVAL);
	FAILS(recv(tcp, &byte, 1, 0), ENOTCONN);
	FAILS(send(tcp, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(send(pair.client, nowhere, 1, 0), EFAULT);
	NEED(send(pair.client, "abc", 3, 0));
	NEED(ready(pair.server, POLLIN, 5000));
	FAILS(recv(pair.server, nowhere, 1, 0), EFAULT);
	WANT(recv(pair.server, &byte, 1, 0), 1);
	WANT(byte, 'a');
	FAILS(recv(pair.server, &byte, 1, MSG_OOB), EINVAL);
	FAILS(lseek(tcp, 0, SEEK_SET), ESPIPE);
	FAILS(read(0x7fff, &byte, 1), EBADF);
	FAILS(sendto(pair.client, "x", 1, 0, nowhere, 16), EFAULT);
	return done();
}
