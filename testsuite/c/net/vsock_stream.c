/*
 * AF_VSOCK streams and sequenced packets to this machine itself (VMADDR_CID_LOCAL): names, connections, both directions,
 * shutdown, and what is refused. vsock(7).
 * Agrees: Linux 7.2 (riscv64).
 */
#include "net.h"
#include <linux/vm_sockets.h>

static struct sockaddr_vm at(unsigned cid, unsigned port)
{
	struct sockaddr_vm addr = { .svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port };

	return addr;
}

#define NAME(addr) (struct sockaddr *)&(addr), sizeof (addr)

static void connection(int type)
{
	struct sockaddr_vm addr = at(VMADDR_CID_LOCAL, VMADDR_PORT_ANY), peer;
	int listener = NEED(socket(AF_VSOCK, type, 0)), client = NEED(socket(AF_VSOCK, type, 0)), server;
	socklen_t len = sizeof addr;
	char data[16];

	FAILS(listen(listener, 4), EINVAL);
	WANT(bind(listener, NAME(addr)), 0);
	FAILS(bind(listener, NAME(addr)), EINVAL);
	NEED(getsockname(listener, (struct sockaddr *)&addr, &len));
	WANT(len, sizeof addr);
	WANT(addr.svm_cid, VMADDR_CID_LOCAL);
	CHECK(addr.svm_port > 1023 && addr.svm_port != VMADDR_PORT_ANY);
	FAILS(connect(client, NAME(addr)), ECONNRESET);
	WANT(listen(listener, 4), 0);
	FAILS(getpeername(client, (struct sockaddr *)&peer, &len), ENOTCONN);
	FAILS(send(client, "x", 1, MSG_NOSIGNAL), ENOTCONN);
	FAILS(shutdown(client, SHUT_WR), ENOTCONN);
	WANT(connect(client, NAME(addr)), 0);
	FAILS(connect(client, NAME(addr)), EISCONN);
	len = sizeof peer;
	server = NEED(accept(listener, (struct sockaddr *)&peer, &len));
	WANT(peer.svm_cid, VMADDR_CID_LOCAL);
	NEED(getpeername(client, (struct sockaddr *)&peer, &len));
	WANT(peer.svm_port, addr.svm_port);

	WANT(send(client, "hello", 5, 0), 5);
	WANT(send(client, "world", 5, 0), 5);
	WANT(recv(server, data, 3, MSG_PEEK), 3);
	if (type == SOCK_STREAM) {
		/* Linux delivers from a work queue: the second may still be on its way. */
		WANT(recv(server, data, 10, MSG_WAITALL), 10);
	} else {
		WANT(recv(server, data, 3, MSG_TRUNC), 5);
		WANT(recv(server, data, sizeof data, 0), 5);
	}
	FAILS(recv(server, data, sizeof data, MSG_DONTWAIT), EAGAIN);
	WANT(send(server, "back", 4, 0), 4);
	WANT(recv(client, data, sizeof data, 0), 4);
	FAILS(send(client, "x", 1, MSG_OOB), EOPNOTSUPP);
	FAILS(sendto(client, "x", 1, 0, NAME(addr)), EISCONN);
	/* Half closed. */
	WANT(shutdown(client, SHUT_WR), 0);
	WANT(recv(server, data, sizeof data, 0), 0);
	FAILS(send(client, "x", 1, MSG_NOSIGNAL), EPIPE);
	WANT(send(server, "more", 4, 0), 4);
	WANT(recv(client, data, sizeof data, 0), 4);
	close(server);
	WANT(recv(client, data, sizeof data, 0), 0);
	close(client);
	close(listener);
}

int main(void)
{
	struct sockaddr_vm addr = at(VMADDR_CID_LOCAL, 5000);
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0), probe, pair[2];
	unsigned long long size = 0;
	socklen_t len = sizeof size;

	if (fd < 0 && errno == EAFNOSUPPORT)
		return skip("no AF_VSOCK");
	probe = NEED(socket(AF_VSOCK, SOCK_STREAM, 0));
	if (bind(probe, NAME(addr)) < 0 && errno == EADDRNOTAVAIL)
		return skip("no loopback transport");
	FAILS(socket(AF_VSOCK, SOCK_RAW, 0), ESOCKTNOSUPPORT);
	FAILS(socket(AF_VSOCK, SOCK_STREAM, 1), EPROTONOSUPPORT);
	FAILS(socketpair(AF_VSOCK, SOCK_STREAM, 0, pair), EOPNOTSUPP);
	FAILS(bind(fd, NAME(addr)), EADDRINUSE);
	addr.svm_port = 5001;
	FAILS(bind(fd, (struct sockaddr *)&addr, sizeof addr - 1), EINVAL);
	addr.svm_cid = 77;
	FAILS(bind(fd, NAME(addr)), EADDRNOTAVAIL);
	addr.svm_family = AF_INET;
	FAILS(bind(fd, NAME(addr)), EINVAL);

	WANT(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, &len), 0);
	WANT(size, 262144);
	size = 1000;
	WANT(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof size), 0);
	size = 0;
	NEED(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, &len));
	WANT(size, 1000);
	size = 1;
	NEED(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof size));
	NEED(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, &len));
	WANT(size, 128);
	FAILS(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, 4), EINVAL);
	len = 4;
	FAILS(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, &len), EINVAL);
	FAILS(setsockopt(fd, AF_VSOCK, 99, &size, 8), ENOPROTOOPT);
	FAILS(setsockopt(fd, AF_VSOCK + 1, 1, &size, 8), ENOPROTOOPT);
	connection(SOCK_STREAM);
	connection(SOCK_SEQPACKET);
	return done();
}
