/*
 * A datagram longer than the card's MTU leaves in fragments; to an address of the card it
 * stays in the machine and arrives whole. RFC 791 section 3.2.
 * Agrees: Linux 6.18, 7.2.
 */
#include "message.h"

int main(void)
{
	static char out[9000], in[9000];
	struct address to = loopback(AF_INET, 0);
	int server = NEED(socket(AF_INET, SOCK_DGRAM, 0)), client = NEED(socket(AF_INET, SOCK_DGRAM, 0));

	to.v4.sin_addr.s_addr = inet_addr("10.0.2.15");
	if (bind(server, &to.any, to.length) == -1)
		return skip("no network card with 10.0.2.15");
	to = name_of(server);
	for (size_t i = 0; i < sizeof out; i++)
		out[i] = i * 13 >> 1;
	WANT(sendto(client, out, sizeof out, 0, &to.any, to.length), sizeof out);
	WANT(recv(server, in, sizeof in, 0), sizeof out);
	WANT(memcmp(in, out, sizeof in), 0);
	to.v4.sin_addr.s_addr = inet_addr("10.0.2.2");
	to.v4.sin_port = htons(9);
	WANT(sendto(client, out, sizeof out, 0, &to.any, to.length), sizeof out);
	return done();
}
