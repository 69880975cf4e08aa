/*
 * inotify(7): which events come, in which order, with which names.
 * Agrees: Linux 6.18.
 */
#include "scratch.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

static int watch;
static char buffer[4096];
static ssize_t have, at;

/* The next event, as text in `got`. */
static int next(int wd, unsigned mask, const char *name)
{
	struct inotify_event *event;

	if (at >= have) {
		have = read(watch, buffer, sizeof buffer);
		at = 0;
		if (have <= 0)
			return 0;
	}
	event = (struct inotify_event *)(buffer + at);
	at += sizeof *event + event->len;
	if (event->wd == wd && event->mask == mask && !strcmp(event->len ? event->name : "", name))
		return 1;
	printf("# wd %d mask %x name \"%s\"\n", event->wd, event->mask, event->len ? event->name : "");
	return 0;
}

int main(void)
{
	struct pollfd ready;
	int dir, file, fd, bytes, open_watch;

	scratch();
	NEED(mkdir("d", 0755));
	watch = NEED(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	FAILS(read(watch, buffer, sizeof buffer), EAGAIN);
	dir = NEED(inotify_add_watch(watch, "d", IN_ALL_EVENTS));
	WANT(inotify_add_watch(watch, "d", IN_ALL_EVENTS), dir);
	FAILS(inotify_add_watch(watch, "none", IN_ALL_EVENTS), ENOENT);
	FAILS(inotify_add_watch(watch, "d", 0), EINVAL);
	FAILS(inotify_add_watch(0, "d", IN_OPEN), EINVAL);

	fd = NEED(open("d/f", O_CREAT | O_RDWR, 0644));
	ready.fd = watch;
	ready.events = POLLIN;
	WANT(poll(&ready, 1, 0), 1);
	WANT(ioctl(watch, FIONREAD, &bytes), 0);
	WANT(bytes, 64);
	CHECK(next(dir, IN_CREATE, "f"));
	CHECK(next(dir, IN_OPEN, "f"));
	NEED(write(fd, "abc", 3));
	NEED(write(fd, "abc", 3));
	CHECK(next(dir, IN_MODIFY, "f"));
	NEED(pread(fd, buffer, 1, 0));
	have = at = 0;
	CHECK(next(dir, IN_ACCESS, "f"));
	close(fd);
	CHECK(next(dir, IN_CLOSE_WRITE, "f"));

	file = NEED(inotify_add_watch(watch, "d/f", IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF));
	CHECK(file != dir);
	NEED(chmod("d/f", 0600));
	CHECK(next(dir, IN_ATTRIB, "f"));
	CHECK(next(file, IN_ATTRIB, ""));
	NEED(rename("d/f", "d/g"));
	CHECK(next(dir, IN_MOVED_FROM, "f"));
	CHECK(next(dir, IN_MOVED_TO, "g"));
	CHECK(next(file, IN_MOVE_SELF, ""));
	NEED(mkdir("d/sub", 0755));
	CHECK(next(dir, IN_CREATE | IN_ISDIR, "sub"));
	NEED(rmdir("d/sub"));
	CHECK(next(dir, IN_DELETE | IN_ISDIR, "sub"));
	/* While somebody has it open, a file without a name is still there. */
	fd = NEED(open("d/h", O_CREAT | O_RDWR, 0644));
	CHECK(next(dir, IN_CREATE, "h"));
	CHECK(next(dir, IN_OPEN, "h"));
	open_watch = NEED(inotify_add_watch(watch, "d/h", IN_DELETE_SELF | IN_CLOSE));
	NEED(unlink("d/h"));
	CHECK(next(dir, IN_DELETE, "h"));
	close(fd);
	CHECK(next(dir, IN_CLOSE_WRITE, "h"));
	CHECK(next(open_watch, IN_CLOSE_WRITE, ""));
	CHECK(next(open_watch, IN_DELETE_SELF, ""));
	CHECK(next(open_watch, IN_IGNORED, ""));
	FAILS(inotify_rm_watch(watch, open_watch), EINVAL);

	NEED(unlink("d/g"));
	CHECK(next(file, IN_ATTRIB, ""));
	CHECK(next(file, IN_DELETE_SELF, ""));
	CHECK(next(file, IN_IGNORED, ""));
	CHECK(next(dir, IN_DELETE, "g"));
	WANT(inotify_rm_watch(watch, dir), 0);
	CHECK(next(dir, IN_IGNORED, ""));
	FAILS(inotify_rm_watch(watch, dir), EINVAL);
	FAILS(read(watch, buffer, sizeof buffer), EAGAIN);
	return done();
}
