/*
 * chmod(2), chown(2), utimensat(2), umask(2), access(2), and who may do what.
 * Agrees: Linux 6.18.
 */
#include "scratch.h"
#include <fcntl.h>
#include <grp.h>
#include <sys/sysmacros.h>

static struct stat st;

static mode_t mode_of(const char *path)
{
	return stat(path, &st) ? 0 : st.st_mode & 07777;
}

/* In a child, whose checks do not count: says what was wrong and leaves with 1. */
static int wrong;

static void refused(const char *what, long result, int error)
{
	if (result == -1 && errno == error)
		return;
	printf("# %s: got %ld %s\n", what, result, check_errno(errno));
	wrong = 1;
}

#define REFUSED(call, error) refused(#call, (call), error)

static void nobody(void)
{
	if (setgroups(0, 0) || setgid(65534) || setuid(65534))
		_exit(100);
	REFUSED(open("secret", O_RDONLY), EACCES);
	REFUSED(chmod("open", 0777), EPERM);
	REFUSED(chown("open", 65534, -1), EPERM);
	REFUSED(open("dir/new", O_CREAT | O_WRONLY, 0644), EACCES);
	REFUSED(unlink("dir/x"), EACCES);
	REFUSED(unlink("sticky/x"), EPERM);
	REFUSED(access("open", W_OK), EACCES);
	REFUSED(utimensat(AT_FDCWD, "open", NULL, 0), EACCES);
	REFUSED(open("closed/x", O_RDONLY), EACCES);
	if (access("open", R_OK) || open("sticky/mine", O_CREAT | O_RDWR, 0644) < 0 || unlink("sticky/mine"))
		_exit(2);
	_exit(wrong);
}

static void make(const char *name, mode_t mode)
{
	close(NEED(open(name, O_CREAT | O_WRONLY, mode)));
	NEED(chmod(name, mode));
}

int main(void)
{
	struct timespec times[2] = { { 1000, 5 }, { 0, UTIME_OMIT } };
	int status;

	if (getuid())
		return skip("not root");
	scratch();
	NEED(chmod(".", 0755));
	make("f", 0644);
	WANT(chmod("f", 04711), 0);
	WANT(mode_of("f"), 04711);
	WANT(chown("f", 10, 20), 0);
	WANT(mode_of("f"), 0711);
	CHECK(st.st_uid == 10 && st.st_gid == 20);
	WANT(chown("f", -1, 30), 0);
	WANT(mode_of("f"), 0711);
	CHECK(st.st_uid == 10 && st.st_gid == 30);

	/* Times. */
	WANT(utimensat(AT_FDCWD, "f", times, 0), 0);
	NEED(stat("f", &st));
	CHECK(st.st_atim.tv_sec == 1000 && st.st_atim.tv_nsec == 5);
	CHECK(st.st_mtim.tv_sec > 1000000);
	times[1].tv_nsec = 1000000000;
	FAILS(utimensat(AT_FDCWD, "f", times, 0), EINVAL);

	/* umask and setgid directories. */
	WANT(umask(027), 022);
	NEED(mkdir("g", 0777));
	WANT(mode_of("g"), 0750);
	umask(022);
	NEED(chown("g", 0, 77));
	NEED(chmod("g", 02755));
	NEED(mkdir("g/h", 0755));
	WANT(mode_of("g/h"), 02755);
	WANT(st.st_gid, 77);

	/* Special nodes. */
	WANT(mknod("p", S_IFIFO | 0600, 0), 0);
	NEED(stat("p", &st));
	CHECK(S_ISFIFO(st.st_mode));
	WANT(mknod("null", S_IFCHR | 0666, makedev(1, 3)), 0);
	NEED(stat("null", &st));
	CHECK(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	FAILS(mknod("p", S_IFREG, 0), EEXIST);

	/* Somebody else. */
	make("secret", 0600);
	make("open", 0644);
	NEED(mkdir("dir", 0755));
	make("dir/x", 0644);
	NEED(mkdir("sticky", 0777));
	NEED(chmod("sticky", 01777));
	make("sticky/x", 0666);
	NEED(mkdir("closed", 0700));
	make("closed/x", 0644);
	status = in_child(nobody);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	FAILS(access("open", X_OK), EACCES);
	return done();
}
