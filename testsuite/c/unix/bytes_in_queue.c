/*
 * FIONREAD: all bytes that wait on a stream, the next message's on a datagram socket;
 * SIOCOUTQ counts what the peer has not taken. unix(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	int stream[2], dgram[2], value = -1;
	char buffer[8];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, stream));
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, dgram));
	for (int i = 0; i < 2; i++) {
		NEED(send(stream[0], "abc", 3, 0));
		NEED(send(dgram[0], "abc", 3, 0));
	}
	WANT(ioctl(stream[1], FIONREAD, &value), 0);
	WANT(value, 6);
	WANT(ioctl(dgram[1], FIONREAD, &value), 0);
	WANT(value, 3);
	WANT(ioctl(stream[0], TIOCOUTQ, &value), 0);
	CHECK(value > 0);
	NEED(recv(stream[1], buffer, 8, 0));
	WANT(ioctl(stream[0], TIOCOUTQ, &value), 0);
	WANT(value, 0);
	WANT(ioctl(stream[1], FIONREAD, &value), 0);
	WANT(value, 0);
	return done();
}
