/*
 * rtc(4): the clock that knows the date agrees with CLOCK_REALTIME, which was set from it;
 * one opener at a time; a date that does not exist is refused; what is set is read back.
 * Agrees: Linux 7.2.
 */
#include "check.h"

#include <fcntl.h>
#include <linux/rtc.h>
#include <sys/ioctl.h>

static time_t seconds(int fd)
{
	struct rtc_time t = { 0 };
	struct tm tm = { 0 };

	NEED(ioctl(fd, RTC_RD_TIME, &t));
	tm.tm_sec = t.tm_sec;
	tm.tm_min = t.tm_min;
	tm.tm_hour = t.tm_hour;
	tm.tm_mday = t.tm_mday;
	tm.tm_mon = t.tm_mon;
	tm.tm_year = t.tm_year;
	return timegm(&tm);
}

int main(void)
{
	struct rtc_time t, was, day = { 7, 8, 9, 30, 3, 124, 0, 0, 0 };
	unsigned long data;
	int fd = open("/dev/rtc0", O_RDWR);

	if (fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV))
		return skip("no clock that knows the date");
	CHECK(fd >= 0);
	CHECK(llabs((long long)seconds(fd) - time(NULL)) <= 2);
	FAILS(open("/dev/rtc0", O_RDONLY), EBUSY);
	/* A date and its neighbour that is none. */
	WANT(ioctl(fd, RTC_RD_TIME, &was), 0);
	WANT(ioctl(fd, RTC_SET_TIME, &day), 0);
	WANT(ioctl(fd, RTC_RD_TIME, &t), 0);
	WANT(t.tm_year, 124);
	WANT(t.tm_mon, 3);
	WANT(t.tm_mday, 30);
	WANT(t.tm_hour, 9);
	WANT(t.tm_min, 8);
	CHECK(t.tm_sec >= 7 && t.tm_sec <= 9);
	day.tm_mday = 31;
	FAILS(ioctl(fd, RTC_SET_TIME, &day), EINVAL);
	day.tm_mday = 30;
	day.tm_hour = 24;
	FAILS(ioctl(fd, RTC_SET_TIME, &day), EINVAL);
	WANT(ioctl(fd, RTC_SET_TIME, &was), 0);
	CHECK(llabs((long long)seconds(fd) - time(NULL)) <= 4);
	FAILS(ioctl(fd, RTC_RD_TIME, NULL), EFAULT);
	FAILS(ioctl(fd, 0x7099, 0), ENOTTY);
	/* There has been no interrupt to read of. */
	FAILS(read(fd, &data, 2), EINVAL);
	NEED(fcntl(fd, F_SETFL, O_NONBLOCK));
	FAILS(read(fd, &data, sizeof data), EAGAIN);
	WANT(close(fd), 0);
	fd = NEED(open("/dev/rtc0", O_RDONLY));
	WANT(close(fd), 0);
	return done();
}
