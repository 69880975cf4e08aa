/*
 * A descriptor closed by one thread while another waits in recv(2): the wait goes on with
 * the socket that it found, and ends when data come. close(2).
 * Agrees: Linux 6.18, 7.2.
 */
#include "net.h"

#include <pthread.h>

static struct pair pair;
static ssize_t got;

static void *receiver(void *unused)
{
	char byte;

	(void)unused;
	got = recv(pair.server, &byte, 1, 0);
	return NULL;
}

int main(void)
{
	pthread_t thread;

	pair = tcp_pair(AF_INET);
	got = -2;
	WANT(pthread_create(&thread, NULL, receiver, NULL), 0);
	sleep_ms(100);
	WANT(close(pair.server), 0);
	sleep_ms(50);
	WANT(send(pair.client, "x", 1, 0), 1);
	WANT(pthread_join(thread, NULL), 0);
	WANT(got, 1);
	return done();
}
