/*
 * NETLINK_GENERIC: the controller knows itself and not what there is not (genetlink.h).
 * Agrees: Linux 6.18.
 */
#include "netlink.h"

#include <linux/genetlink.h>

static void look(struct nlmsghdr *m, void *context)
{
	struct rtattr *name = nl_get(m, GENL_HDRLEN, CTRL_ATTR_FAMILY_NAME);
	struct rtattr *id = nl_get(m, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);

	WANT(m->nlmsg_type, GENL_ID_CTRL);
	if (name && id && !strcmp(RTA_DATA(name), "nlctrl"))
		*(int *)context = *(unsigned short *)RTA_DATA(id);
}

static int ask(int fd, const char *name, int *id)
{
	struct genlmsghdr g = { .cmd = CTRL_CMD_GETFAMILY, .version = 2 };
	struct nl_request r = nl_begin(GENL_ID_CTRL, name ? 0 : NLM_F_DUMP, &g, sizeof g);

	*id = 0;
	if (name)
		nl_put(&r, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	nl_send(fd, &r);
	return nl_each(fd, look, id);
}

int main(void)
{
	int fd = nl_open(NETLINK_GENERIC), id;
	struct genlmsghdr g = { .cmd = CTRL_CMD_GETFAMILY };
	struct nl_request r;

	WANT(ask(fd, "nlctrl", &id), 0);
	WANT(id, GENL_ID_CTRL);
	WANT(ask(fd, NULL, &id), 0);
	WANT(id, GENL_ID_CTRL);
	WANT(ask(fd, "no such family", &id), ENOENT);
	r = nl_begin(GENL_ID_CTRL, 0, &g, sizeof g);
	nl_send(fd, &r);
	WANT(nl_error(fd), EINVAL);
	g.cmd = 200;
	r = nl_begin(GENL_ID_CTRL, 0, &g, sizeof g);
	nl_send(fd, &r);
	WANT(nl_error(fd), EOPNOTSUPP);
	r = nl_begin(1000, 0, &g, sizeof g);
	nl_send(fd, &r);
	WANT(nl_error(fd), ENOENT);
	return done();
}
