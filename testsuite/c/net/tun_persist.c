/*
 * TUNSETPERSIST keeps an interface when its descriptor goes, without a carrier; who may come back is said by TUNSETOWNER.
 * What rtnetlink says of it. Linux's networking/tuntap document, rtnetlink(7).
 * Agrees: Linux 7.2.
 */
#include "tun.h"

#include <linux/if_link.h>
#include <net/if_arp.h>

struct seen {
	int hardware, length, queue, state, kind, type, owner, pi, persist, vnet, multi;
};

static void see(struct nlmsghdr *m, void *context)
{
	struct seen *seen = context;
	struct ifinfomsg *info = NLMSG_DATA(m);
	size_t head = sizeof *info;
	struct rtattr *a, *b, *c;
	int left;

	memset(seen, 0xff, sizeof *seen);
	seen->hardware = info->ifi_type;
	seen->length = (a = nl_get(m, head, IFLA_ADDRESS)) ? (int)RTA_PAYLOAD(a) : -1;
	seen->queue = (a = nl_get(m, head, IFLA_TXQLEN)) ? *(int *)RTA_DATA(a) : -1;
	seen->state = (a = nl_get(m, head, IFLA_OPERSTATE)) ? *(unsigned char *)RTA_DATA(a) : -1;
	if (!(a = nl_get(m, head, IFLA_LINKINFO)))
		return;
	left = RTA_PAYLOAD(a);
	for (b = RTA_DATA(a); RTA_OK(b, left); b = RTA_NEXT(b, left)) {
		if (b->rta_type == IFLA_INFO_KIND)
			seen->kind = !strcmp(RTA_DATA(b), "tun");
		if ((b->rta_type & NLA_TYPE_MASK) == IFLA_INFO_DATA) {
			int inside = RTA_PAYLOAD(b);

			for (c = RTA_DATA(b); RTA_OK(c, inside); c = RTA_NEXT(c, inside)) {
				int value = *(unsigned char *)RTA_DATA(c);

				switch (c->rta_type) {
				case IFLA_TUN_OWNER: seen->owner = *(int *)RTA_DATA(c); break;
				case IFLA_TUN_TYPE: seen->type = value; break;
				case IFLA_TUN_PI: seen->pi = value; break;
				case IFLA_TUN_VNET_HDR: seen->vnet = value; break;
				case IFLA_TUN_PERSIST: seen->persist = value; break;
				case IFLA_TUN_MULTI_QUEUE: seen->multi = value; break;
				}
			}
		}
	}
}

static struct seen look(const char *name)
{
	struct nl_request r = link_begin(RTM_GETLINK, 0, name);
	struct seen seen = { 0 };
	int fd = link_socket();

	nl_send(fd, &r);
	WANT(nl_each(fd, see, &seen), 0);
	close(fd);
	return seen;
}

/* Whether user 1000 may attach; the error number otherwise. */
static int others(const char *name, int flags)
{
	int status, fd = tun_device(), pid = NEED(fork());

	if (!pid) {
		NEED(setgid(1000));
		NEED(setuid(1000));
		_exit(tun_attach(fd, name, flags) ? errno : 0);
	}
	close(fd);
	NEED(waitpid(pid, &status, 0));
	return WEXITSTATUS(status);
}

int main(void)
{
	struct nl_request request;
	struct rtattr *info;
	struct seen seen;
	int fd, flags = IFF_TUN | IFF_NO_PI;

	NEED(unshare(CLONE_NEWNET));
	fd = tun_open("keep", flags);
	WANT(tun_flags(fd), flags | IFF_NOFILTER);
	seen = look("keep");
	WANT(seen.hardware, ARPHRD_NONE);
	WANT(seen.length, -1);
	WANT(seen.queue, 500);
	WANT(seen.kind, 1);
	WANT(seen.type, IFF_TUN);
	WANT(seen.owner, -1);
	WANT(seen.pi, 0);
	WANT(seen.vnet, 0);
	WANT(seen.persist, 0);
	WANT(seen.multi, 0);
	WANT(ioctl(fd, TUNSETPERSIST, 1), 0);
	WANT(tun_flags(fd), flags | IFF_NOFILTER | IFF_PERSIST);
	WANT(link_up("keep"), 0);
	WANT(link_becomes("keep", IFF_RUNNING, IFF_RUNNING), 1);
	WANT(addr_add("keep", "10.8.2.1", 24), 0);
	close(fd);
	CHECK(if_nametoindex("keep") > 0);
	WANT(link_becomes("keep", 0, IFF_RUNNING), 1);
	seen = look("keep");
	WANT(seen.state, 2 /* IF_OPER_DOWN */);
	WANT(seen.persist, 1);

	/* Anybody may attach until somebody owns it. */
	WANT(others("keep", flags), 0);
	WANT(others("fresh", flags), EPERM);
	fd = tun_open("keep", flags);
	WANT(link_becomes("keep", IFF_RUNNING, IFF_RUNNING), 1);
	WANT(ioctl(fd, TUNSETOWNER, 1001), 0);
	WANT(look("keep").owner, 1001);
	close(fd);
	WANT(others("keep", flags), EPERM);
	fd = tun_open("keep", flags);
	WANT(ioctl(fd, TUNSETOWNER, 1000), 0);
	WANT(others("keep", flags), EBUSY);
	close(fd);
	WANT(others("keep", flags), 0);
	fd = tun_open("keep", flags);
	WANT(ioctl(fd, TUNSETGROUP, 77), 0);
	close(fd);
	WANT(others("keep", flags), EPERM);

	/* Its header may be another one the next time. */
	fd = tun_open("keep", IFF_TUN);
	WANT(tun_flags(fd), IFF_TUN | IFF_NOFILTER | IFF_PERSIST);
	WANT(look("keep").pi, 1);
	WANT(ioctl(fd, TUNSETPERSIST, 0), 0);
	close(fd);
	WANT(if_nametoindex("keep"), 0);

	/* It can be removed under a descriptor, and not made by rtnetlink. */
	fd = tun_open("gone", IFF_TAP);
	seen = look("gone");
	WANT(seen.hardware, ARPHRD_ETHER);
	WANT(seen.queue, 1000);
	WANT(seen.type, IFF_TAP);
	WANT(seen.pi, 1);
	WANT(link_del("gone"), 0);
	WANT(if_nametoindex("gone"), 0);
	FAILS(read(fd, tun_name, sizeof tun_name), EBADFD);
	FAILS(ioctl(fd, TUNGETIFF, tun_name), EBADFD);
	WANT(tun_attach(fd, "again", flags), 0);
	close(fd);
	request = link_begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, NULL);
	info = link_open(&request, IFLA_LINKINFO);
	nl_put(&request, IFLA_INFO_KIND, "tun", 3);
	link_close(&request, info);
	WANT(link_ask(&request), EOPNOTSUPP);
	return done();
}
