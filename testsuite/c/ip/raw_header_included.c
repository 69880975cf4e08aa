/*
 * IP_HDRINCL: the program writes the IPv4 header; the kernel fills in checksum, length and
 * a missing source. raw(7).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

int main(void)
{
	struct address to = loopback(AF_INET, 0);
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), listener = socket(AF_INET, SOCK_RAW, 253);
	unsigned char packet[24] = { 0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 33, 253, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1, 'd', 'a', 't', 'a' };
	unsigned char got[64];
	unsigned sum = 0;

	if (raw == -1 && errno == EPERM)
		return skip("not root");
	WANT(get_int(raw, IPPROTO_IP, IP_HDRINCL), 1);
	WANT(get_int(listener, IPPROTO_IP, IP_HDRINCL), 0);
	WANT(sendto(raw, packet, sizeof packet, 0, &to.any, to.length), sizeof packet);
	WANT(recv(listener, got, sizeof got, 0), sizeof packet);
	WANT(got[8], 33);
	WANT(got[2] << 8 | got[3], sizeof packet);
	CHECK(got[12] == 127 && got[15] == 1);
	for (int i = 0; i < 20; i += 2)
		sum += got[i] << 8 | got[i + 1];
	WANT((sum & 0xffff) + (sum >> 16), 0xffff);
	WANT(memcmp(got + 20, "data", 4), 0);
	FAILS(recv(raw, got, sizeof got, MSG_DONTWAIT), EAGAIN);
	FAILS(sendto(raw, packet, 10, 0, &to.any, to.length), EINVAL);
	return done();
}
