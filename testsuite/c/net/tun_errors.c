/*
 * What /dev/net/tun refuses, and in which order. Linux's networking/tuntap document, <linux/if_tun.h>.
 * Agrees: Linux 7.2.
 */
#include "tun.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

int main(void)
{
	unsigned features = 0, number;
	struct ifreq r = { 0 };
	struct pollfd p = { .events = POLLIN | POLLOUT };
	struct stat status;
	char byte = 0x45;
	int fd, other;

	NEED(unshare(CLONE_NEWNET));
	NEED(stat("/dev/net/tun", &status));
	CHECK(S_ISCHR(status.st_mode) && status.st_rdev == makedev(10, 200));
	fd = tun_device();

	/* Before it is attached. */
	FAILS(read(fd, &byte, 1), EBADFD);
	FAILS(read(fd, nowhere, 1), EBADFD);
	FAILS(write(fd, &byte, 1), EBADFD);
	FAILS(write(fd, nowhere, 1), EBADFD);
	FAILS(lseek(fd, 5, SEEK_SET), ESPIPE);
	p.fd = fd;
	WANT(poll(&p, 1, 0), 1);
	WANT(p.revents, POLLERR);
	WANT(ioctl(fd, TUNGETFEATURES, &features), 0);
	number = IFF_TUN | IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_NO_CARRIER | IFF_ONE_QUEUE;
	WANT(features & number, number);
	FAILS(ioctl(fd, TUNGETFEATURES, nowhere), EFAULT);
	FAILS(ioctl(fd, TUNGETIFF, &r), EBADFD);
	FAILS(ioctl(fd, TUNGETIFF, nowhere), EBADFD);
	FAILS(ioctl(fd, TUNSETPERSIST, 1), EBADFD);
	FAILS(ioctl(fd, TUNSETOWNER, 1), EBADFD);
	FAILS(ioctl(fd, TUNSETOFFLOAD, 0), EBADFD);
	FAILS(ioctl(fd, TUNSETVNETHDRSZ, nowhere), EBADFD);
	FAILS(ioctl(fd, SIOCGIFHWADDR, nowhere), EFAULT);
	FAILS(ioctl(fd, SIOCGIFHWADDR, &r), EBADFD);
	FAILS(ioctl(fd, 0x54ff, &r), EBADFD);

	/* TUNSETIFF. */
	FAILS(ioctl(fd, TUNSETIFF, nowhere), EFAULT);
	FAILS(tun_attach(fd, "a", 0), EINVAL);
	FAILS(tun_attach(fd, "a", IFF_NO_PI), EINVAL);
	FAILS(tun_attach(fd, "a/b", IFF_TUN), EINVAL);
	FAILS(tun_attach(fd, "a%d%d", IFF_TUN), EINVAL);
	FAILS(tun_attach(fd, "a%s", IFF_TUN), EINVAL);
	FAILS(tun_attach(fd, "lo", IFF_TUN), EINVAL);
	FAILS(tun_attach(fd, "lo", IFF_TUN | IFF_TUN_EXCL), EBUSY);
	WANT(link_veth("cable", "other", 0), 0);
	FAILS(tun_attach(fd, "cable", IFF_TAP), EINVAL);
	/* Both: the first. */
	WANT(tun_attach(fd, "a", IFF_TUN | IFF_TAP), 0);
	WANT(tun_flags(fd), IFF_TUN | IFF_NOFILTER);
	FAILS(tun_attach(fd, "b", IFF_TUN), EEXIST);
	FAILS(ioctl(fd, TUNSETIFF, nowhere), EFAULT);
	FAILS(ioctl(fd, TUNSETIFINDEX, &number), EPERM);
	other = tun_device();
	FAILS(tun_attach(other, "a", IFF_TUN), EBUSY);
	FAILS(tun_attach(other, "a", IFF_TAP), EINVAL);
	FAILS(tun_attach(other, "a", IFF_TUN | IFF_TUN_EXCL), EBUSY);
	FAILS(tun_attach(other, "a", IFF_TUN | IFF_MULTI_QUEUE), EINVAL);
	/* A number of one's own. */
	number = -1;
	FAILS(ioctl(other, TUNSETIFINDEX, &number), EINVAL);
	FAILS(ioctl(other, TUNSETIFINDEX, nowhere), EFAULT);
	number = 77;
	WANT(ioctl(other, TUNSETIFINDEX, &number), 0);
	WANT(tun_attach(other, "n", IFF_TAP), 0);
	WANT(if_nametoindex("n"), 77);

	/* Attached, and down. */
	p.fd = fd;
	WANT(poll(&p, 1, 0), 0);
	FAILS(write(fd, nowhere, 20), EFAULT);
	FAILS(write(fd, &byte, 1), EINVAL);
	FAILS(write(fd, "\0\0\x08\0\x45", 5), EIO);
	FAILS(write(fd, &byte, 0), EINVAL);
	WANT(read(fd, &byte, 0), 0);
	FAILS(write(other, "\0\0\x08\0\x45", 5), EINVAL);
	FAILS(ioctl(fd, TUNGETIFF, nowhere), EFAULT);
	FAILS(ioctl(fd, 0x54ff, &r), EINVAL);
	FAILS(ioctl(fd, TUNSETTXFILTER, &number), EINVAL);
	FAILS(ioctl(fd, TUNATTACHFILTER, &number), EINVAL);
	FAILS(ioctl(fd, TUNDETACHFILTER, 0), EINVAL);
	WANT(ioctl(fd, TUNSETNOCSUM, 1), 0);
	WANT(ioctl(fd, TUNSETOFFLOAD, 0), 0);
	FAILS(ioctl(fd, TUNSETOFFLOAD, 0x8000), EINVAL);
	FAILS(ioctl(fd, TUNSETOFFLOAD, TUN_F_TSO4), EINVAL);
	WANT(ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6), 0);
	WANT(ioctl(fd, TUNGETVNETHDRSZ, &number), 0);
	WANT(number, 10);
	number = 9;
	FAILS(ioctl(fd, TUNSETVNETHDRSZ, &number), EINVAL);
	FAILS(ioctl(fd, TUNSETVNETHDRSZ, nowhere), EFAULT);
	number = 12;
	WANT(ioctl(fd, TUNSETVNETHDRSZ, &number), 0);
	number = 0;
	WANT(ioctl(fd, TUNGETVNETHDRSZ, &number), 0);
	WANT(number, 12);
	WANT(ioctl(fd, TUNGETSNDBUF, &number), 0);
	WANT(number, 0x7fffffff);
	number = 0;
	FAILS(ioctl(fd, TUNSETSNDBUF, &number), EINVAL);
	FAILS(ioctl(fd, TUNSETSNDBUF, nowhere), EFAULT);
	number = 4096;
	WANT(ioctl(fd, TUNSETSNDBUF, &number), 0);
	number = 0;
	WANT(ioctl(fd, TUNGETSNDBUF, &number), 0);
	WANT(number, 4096);
	WANT(ioctl(fd, TUNGETVNETLE, &number), 0);
	WANT(number, 0);
	WANT(ioctl(fd, TUNSETLINK, 512), 0);
	WANT(link_up("a"), 0);
	FAILS(ioctl(fd, TUNSETLINK, 65534), EBUSY);
	p.fd = fd;
	WANT(poll(&p, 1, 0) >= 1, 1);
	WANT(p.revents & POLLOUT, POLLOUT);
	number = 0;
	WANT(ioctl(fd, TUNSETCARRIER, &number), 0);
	WANT(link_becomes("a", IFF_UP, IFF_UP | IFF_RUNNING), 1);
	number = 1;
	WANT(ioctl(fd, TUNSETCARRIER, &number), 0);
	WANT(link_becomes("a", IFF_UP | IFF_RUNNING, IFF_UP | IFF_RUNNING), 1);
	FAILS(ioctl(fd, TUNSETCARRIER, nowhere), EFAULT);
	r.ifr_flags = IFF_DETACH_QUEUE;
	FAILS(ioctl(fd, TUNSETQUEUE, &r), EINVAL);
	r.ifr_flags = IFF_ATTACH_QUEUE;
	FAILS(ioctl(fd, TUNSETQUEUE, &r), EINVAL);
	r.ifr_flags = 0;
	FAILS(ioctl(fd, TUNSETQUEUE, &r), EINVAL);

	/* Nobody in particular. */
	close(other);
	other = tun_device();
	NEED(setuid(1000));
	FAILS(tun_attach(other, "mine", 0), EPERM);
	FAILS(tun_attach(other, "mine", IFF_TUN), EPERM);
	FAILS(tun_attach(other, "a", IFF_TUN | IFF_TUN_EXCL), EBUSY);
	return done();
}
