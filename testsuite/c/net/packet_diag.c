/*
 * NETLINK_SOCK_DIAG of packet sockets: what each was told, its rings and its group. sock_diag(7), linux/packet_diag.h.
 * Agrees: Linux 7.2.
 */
#include "netlink.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <sys/stat.h>

static ino_t inode;

struct found {
	int count, info_length, rx, tx, group;
	struct packet_diag_msg m;
	struct packet_diag_info info;
	struct packet_diag_ring ring;
};

static void look(struct nlmsghdr *m, void *context)
{
	struct found *found = context;
	struct packet_diag_msg *d = NLMSG_DATA(m);
	struct rtattr *a;

	if (d->pdiag_ino != inode)
		return;
	found->count++;
	found->m = *d;
	if ((a = nl_get(m, sizeof *d, PACKET_DIAG_INFO))) {
		found->info_length = RTA_PAYLOAD(a);
		memcpy(&found->info, RTA_DATA(a), sizeof found->info);
	}
	if ((a = nl_get(m, sizeof *d, PACKET_DIAG_RX_RING))) {
		found->rx = RTA_PAYLOAD(a);
		memcpy(&found->ring, RTA_DATA(a), sizeof found->ring);
	}
	found->tx = nl_get(m, sizeof *d, PACKET_DIAG_TX_RING) != NULL;
	if ((a = nl_get(m, sizeof *d, PACKET_DIAG_FANOUT)))
		found->group = *(int *)RTA_DATA(a);
}

static struct found dump(int fd, int show)
{
	struct packet_diag_req q = { .sdiag_family = AF_PACKET, .pdiag_show = show };
	struct found found = { 0 };

	WANT(nl_dump(fd, SOCK_DIAG_BY_FAMILY, &q, sizeof q, look, &found), 0);
	return found;
}

int main(void)
{
	int fd = nl_open(NETLINK_SOCK_DIAG), packet = NEED(socket(AF_PACKET, SOCK_RAW, 0)), on = 1, group = 5 | PACKET_FANOUT_LB << 16;
	struct sockaddr_ll lo = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = if_nametoindex("lo") };
	struct tpacket_req ring = { PAGE, 2, 2048, 2 * PAGE / 2048 };
	struct found found;
	struct stat st;

	NEED(fstat(packet, &st));
	inode = st.st_ino;
	found = dump(fd, PACKET_SHOW_INFO | PACKET_SHOW_RING_CFG | PACKET_SHOW_FANOUT);
	WANT(found.count, 1);
	WANT(found.m.pdiag_family, AF_PACKET);
	WANT(found.m.pdiag_type, SOCK_RAW);
	WANT(found.m.pdiag_num, 0);
	WANT(found.info_length, sizeof found.info);
	WANT(found.info.pdi_flags, 0);
	WANT(found.rx, 0);
	WANT(found.group, 0);

	NEED(bind(packet, (struct sockaddr *)&lo, sizeof lo));
	NEED(setsockopt(packet, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on));
	NEED(setsockopt(packet, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring));
	NEED(setsockopt(packet, SOL_PACKET, PACKET_FANOUT, &group, sizeof group));
	found = dump(fd, PACKET_SHOW_INFO | PACKET_SHOW_RING_CFG | PACKET_SHOW_FANOUT);
	WANT(found.m.pdiag_num, ETH_P_IP);
	WANT(found.info.pdi_index, lo.sll_ifindex);
	WANT(found.info.pdi_flags, PDI_RUNNING | PDI_AUXDATA);
	WANT(found.rx, sizeof found.ring);
	WANT(found.ring.pdr_block_size, PAGE);
	WANT(found.ring.pdr_block_nr, 2);
	WANT(found.ring.pdr_frame_size, 2048);
	WANT(found.tx, 0);
	WANT(found.group, group);
	found = dump(fd, 0);
	WANT(found.count, 1);
	WANT(found.info_length, 0);
	WANT(found.rx, 0);
	close(packet);
	WANT(dump(fd, 0).count, 0);
	return done();
}
