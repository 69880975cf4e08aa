/*
 * room.h: descriptors whose buffers are full, and empty again. The other end of a connection
 * hands on in its own time: neither is done before several tries in vain.
 */
#ifndef ROOM_H
#define ROOM_H

#include "net.h"

static char room_block[65536];

/* Writes until there is no more room. `fd` does not wait from then on. */
static inline void fill(int fd)
{
	set_nonblocking(fd);
	for (int calm = 0; calm < 3; calm++) {
		while (write(fd, room_block, sizeof room_block) > 0)
			calm = 0;
		sleep_ms(5);
	}
}

/* Reads until there is nothing left. `fd` does not wait from then on. */
static inline void empty(int fd)
{
	set_nonblocking(fd);
	for (int calm = 0; calm < 3; calm++) {
		while (read(fd, room_block, sizeof room_block) > 0)
			calm = 0;
		sleep_ms(5);
	}
}

#endif
