/*
 * SO_BINDTODEVICE: the name is kept and given back, an empty one takes it away, and a
 * socket bound to another device is not reached over lo. socket(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <net/if.h>

int main(void)
{
	struct address address = nobody(AF_INET, SOCK_STREAM);
	int listener = NEED(socket(AF_INET, SOCK_STREAM, 0)), client = NEED(socket(AF_INET, SOCK_STREAM, 0));
	char name[IFNAMSIZ] = "";
	socklen_t length = sizeof name;

	WANT(getsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, name, &length), 0);
	WANT(length, 0);
	FAILS(setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "no-such", 8), ENODEV);
	WANT(setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	length = sizeof name;
	WANT(getsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, name, &length), 0);
	WANT(strcmp(name, "lo"), 0);
	WANT(length, 3);
	NEED(bind(listener, &address.any, address.length));
	NEED(listen(listener, 1));
	WANT(connect(client, &address.any, address.length), 0);
	WANT(setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "", 0), 0);
	if (!if_nametoindex("eth0"))
		return done();
	close(listener);
	listener = NEED(socket(AF_INET, SOCK_STREAM, 0));
	set_int(listener, SOL_SOCKET, SO_REUSEADDR, 1);
	WANT(setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5), 0);
	NEED(bind(listener, &address.any, address.length));
	NEED(listen(listener, 1));
	FAILS(connect(NEED(socket(AF_INET, SOCK_STREAM, 0)), &address.any, address.length), ECONNREFUSED);
	return done();
}
