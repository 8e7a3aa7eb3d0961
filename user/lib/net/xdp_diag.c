// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Lists AF_XDP sockets of any process; see xdp_diag.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/xdp_diag.h>

#include "netlink.h"
#include "xdp_diag.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif

struct listing {
	__u32 ifindex;
	struct xs_diag_sockets sockets;
};

static void take_stats(const struct nlattr *attr, struct xdp_statistics *stats)
{
	struct xdp_diag_stats told = {};
	size_t len = mnl_attr_get_payload_len(attr);

	memcpy(&told, mnl_attr_get_payload(attr), len < sizeof(told) ? len : sizeof(told));
	*stats = (struct xdp_statistics){ .rx_dropped = told.n_rx_dropped,
					  .rx_invalid_descs = told.n_rx_invalid,
					  .tx_invalid_descs = told.n_tx_invalid,
					  .rx_ring_full = told.n_rx_full,
					  .rx_fill_ring_empty_descs = told.n_fill_ring_empty,
					  .tx_ring_empty_descs = told.n_tx_ring_empty };
}

static int on_socket(const struct nlmsghdr *nlh, void *arg)
{
	const struct xdp_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	struct xs_diag_socket found = { .inode = msg->xdiag_ino }, *more;
	struct xdp_diag_info info = {};
	struct xdp_diag_umem umem = {};
	struct listing *listing = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(*msg))
	{
		const void *payload = mnl_attr_get_payload(attr);
		size_t len = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case XDP_DIAG_INFO:
			memcpy(&info, payload, len < sizeof(info) ? len : sizeof(info));
			break;
		case XDP_DIAG_UID:
			found.uid = mnl_attr_get_u32(attr);
			break;
		case XDP_DIAG_UMEM:
			memcpy(&umem, payload, len < sizeof(umem) ? len : sizeof(umem));
			break;
		case XDP_DIAG_STATS:
			take_stats(attr, &found.stats);
			break;
		}
	}
	if (info.ifindex != listing->ifindex)
		return MNL_CB_OK;
	found.queue = info.queue_id;
	found.zero_copy = umem.flags & XDP_DU_F_ZEROCOPY;
	more = realloc(listing->sockets.rows, (listing->sockets.cnt + 1) * sizeof(*more));
	if (!more) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	listing->sockets.rows = more;
	more[listing->sockets.cnt++] = found;
	return MNL_CB_OK;
}

int xs_diag_sockets_read(__u32 ifindex, struct xs_diag_sockets *sockets)
{
	struct listing listing = { .ifindex = ifindex };
	const struct xs_nl_call call = { .cb = on_socket, .arg = &listing };
	char buf[256] = {};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct xdp_diag_req *request;
	int err;

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request = mnl_nlmsg_put_extra_header(nlh, sizeof(*request));
	request->sdiag_family = AF_XDP;
	request->xdiag_show = XDP_SHOW_INFO | XDP_SHOW_UMEM | XDP_SHOW_STATS;
	err = xs_nl_call(NETLINK_SOCK_DIAG, nlh, &call);
	if (err)
		free(listing.sockets.rows);
	else
		*sockets = listing.sockets;
	return err;
}
