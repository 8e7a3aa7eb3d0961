// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the kernel says about an interface; see netif.h. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "lib/base/ctx.h"
#include "lib/base/ran_out.h"
#include "ethtool.h"
#include "identity.h"
#include "netdev.h"
#include "netif.h"
#include "netlink.h"

static int on_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct xs_netif *netif = arg;
	const struct nlattr *attr;

	netif->up = ifi->ifi_flags & IFF_UP;
	netif->link_type = ifi->ifi_type;
	netif->ethernet = ifi->ifi_type == ARPHRD_ETHER || ifi->ifi_type == ARPHRD_LOOPBACK;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi))
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_MTU:
			netif->mtu = mnl_attr_get_u32(attr);
			break;
		case IFLA_LINK:
			netif->iflink = mnl_attr_get_u32(attr);
			break;
		case IFLA_ADDRESS:
			netif->address_len = mnl_attr_get_payload_len(attr);
			if (netif->address_len > sizeof(netif->address))
				netif->address_len = sizeof(netif->address);
			memcpy(netif->address, mnl_attr_get_payload(attr), netif->address_len);
			break;
		case IFLA_MASTER:
			netif->master = mnl_attr_get_u32(attr);
			break;
		case IFLA_CARRIER_DOWN_COUNT:
			netif->carrier_losses = mnl_attr_get_u32(attr);
			break;
		case IFLA_NUM_RX_QUEUES:
			netif->rx_queues = mnl_attr_get_u32(attr);
			break;
		case IFLA_NUM_TX_QUEUES:
			netif->tx_queues = mnl_attr_get_u32(attr);
			break;
		}
	}
	return MNL_CB_OK;
}

static int ask_link(__u32 ifindex, mnl_cb_t cb, void *arg)
{
	const struct xs_nl_call call = { .cb = cb, .arg = arg };
	char buf[256];

	return xs_nl_call(NETLINK_ROUTE, xs_nl_put_getlink(buf, ifindex), &call);
}

static int get_link(struct xs_netif *netif)
{
	return ask_link(netif->ifindex, on_link, netif);
}

bool xs_netif_lacks_ethernet(const char *ifname)
{
	struct xs_netif netif = { .ethernet = true };

	return !xs_netif_find(ifname, &netif.ifindex, netif.name) && !get_link(&netif) &&
	       !netif.ethernet;
}

/* An ifindex of another namespace means nothing here; the netnsid shows it. */
static int on_peer(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;
	bool elsewhere = false;
	__u32 peer = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg))
	{
		if (mnl_attr_get_type(attr) == IFLA_LINK)
			peer = mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFLA_LINK_NETNSID)
			elsewhere = true;
	}
	*(__u32 *)arg = elsewhere ? 0 : peer;
	return MNL_CB_OK;
}

int xs_netif_peer(__u32 ifindex, __u32 *peer)
{
	__u32 found = 0;
	int err = ask_link(ifindex, on_peer, &found);

	if (!err && !found)
		err = -ENODEV;
	if (!err)
		*peer = found;
	return err;
}

__u32 xs_netif_carrier_losses(__u32 ifindex)
{
	struct xs_netif netif = { .ifindex = ifindex };

	return get_link(&netif) ? 0 : netif.carrier_losses;
}

__u32 xs_netif_mtu(__u32 ifindex)
{
	struct xs_netif netif = { .ifindex = ifindex };

	return get_link(&netif) ? 0 : netif.mtu;
}

/*
 * What a driver or kernel does not tell has a value for that. Only if it could not be asked,
 * an answer would be wrong.
 */
static int unless_not_told(int err)
{
	return xs_ran_out(err) ? err : 0;
}

/* Drivers without ethtool channels use every allocated queue. */
static int get_channels(struct xs_netif *netif)
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_GCHANNELS };
	__u32 max_rx, max_tx;
	int err;

	netif->max_queues = netif->rx_queues > netif->tx_queues ? netif->rx_queues
								: netif->tx_queues;
	err = xs_ethtool(netif->name, &ch);
	if (err)
		return unless_not_told(err);
	if (ch.combined_count + ch.rx_count)
		netif->rx_queues = ch.combined_count + ch.rx_count;
	if (ch.combined_count + ch.tx_count)
		netif->tx_queues = ch.combined_count + ch.tx_count;
	max_rx = ch.max_combined > ch.max_rx ? ch.max_combined : ch.max_rx;
	max_tx = ch.max_combined > ch.max_tx ? ch.max_combined : ch.max_tx;
	if (max_rx > netif->max_queues)
		netif->max_queues = max_rx;
	if (max_tx > netif->max_queues)
		netif->max_queues = max_tx;
	return 0;
}

static int get_driver(struct xs_netif *netif)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	int err = xs_ethtool(netif->name, &info);

	if (!err)
		snprintf(netif->driver, sizeof(netif->driver), "%s", info.driver);
	return unless_not_told(err);
}

static int get_offloads(struct xs_netif *netif)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };
	struct ethtool_value checksum = { .cmd = ETHTOOL_GTXCSUM };

	int err = xs_ethtool(netif->name, &checksum);

	netif->leaves_checksums = !err && checksum.data;
	if (unless_not_told(err))
		return err;
	err = xs_ethtool(netif->name, &flags);
	if (err)
		return unless_not_told(err);
	netif->lro = flags.data & ETH_FLAG_LRO;
	netif->strips_vlan = flags.data & ETH_FLAG_RXVLAN;
	netif->leaves_vlan = flags.data & ETH_FLAG_TXVLAN;
	return 0;
}

bool xs_netif_peer_leaves_checksums(__u32 ifindex)
{
	struct ethtool_value tx = { .cmd = ETHTOOL_GTXCSUM };
	char name[IFNAMSIZ];
	__u32 peer;

	return xs_netif_peer(ifindex, &peer) || xs_netif_name(peer, name) ||
	       xs_ethtool(name, &tx) || tx.data;
}

static bool peer_leaves_splitting(__u32 ifindex)
{
	struct ethtool_value gso = { .cmd = ETHTOOL_GGSO };
	char name[IFNAMSIZ];
	__u32 peer;

	return xs_netif_peer(ifindex, &peer) || xs_netif_name(peer, name) ||
	       xs_ethtool(name, &gso) || gso.data;
}

bool xs_netif_rounds_buffers_down(const struct xs_netif *netif)
{
	return !strcmp(netif->driver, "igb") || !strcmp(netif->driver, "igc");
}

bool xs_netif_may_merge(const struct xs_netif *netif)
{
	struct ethtool_value gro = { .cmd = ETHTOOL_GGRO };

	return (!xs_ethtool(netif->name, &gro) && gro.data) ||
	       (!strcmp(netif->driver, "veth") && peer_leaves_splitting(netif->ifindex));
}

bool xs_netif_has_rss_table(const char *ifname)
{
	struct ethtool_rxfh_indir table = { .cmd = ETHTOOL_GRXFHINDIR };

	return !xs_ethtool(ifname, &table) && table.size;
}

__u32 xs_netif_larger_rx_ring(const char *ifname)
{
	struct ethtool_ringparam ring = { .cmd = ETHTOOL_GRINGPARAM };

	return !xs_ethtool(ifname, &ring) && ring.rx_max_pending > ring.rx_pending
		       ? ring.rx_max_pending
		       : 0;
}

static int on_features(const struct nlmsghdr *nlh, void *arg)
{
	struct xs_netif *netif = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
	{
		switch (mnl_attr_get_type(attr)) {
		case NETDEV_A_DEV_XDP_FEATURES:
			netif->xdp_features = mnl_attr_get_u64(attr);
			netif->xdp_features_known = true;
			break;
		case NETDEV_A_DEV_XDP_ZC_MAX_SEGS:
			netif->xdp_zc_max_segs = mnl_attr_get_u32(attr);
			break;
		case NETDEV_A_DEV_XDP_RX_METADATA_FEATURES:
			netif->rx_metadata = mnl_attr_get_u64(attr);
			netif->rx_metadata_known = true;
			break;
		}
	}
	return MNL_CB_OK;
}

/* libbpf asks the same since 1.3; the version in Debian 12 does not. */
static int get_features(struct xs_netif *netif)
{
	return unless_not_told(xs_netdev_ask(NETDEV_CMD_DEV_GET, NETDEV_A_DEV_IFINDEX,
					     netif->ifindex, false, 0, on_features, netif));
}

int xs_netif_get(struct xsteer_ctx *ctx, struct xs_netif *netif, const char *ifname)
{
	struct xs_netif found = {};
	int err;

	err = xs_netif_find(ifname, &found.ifindex, found.name);
	if (err == -ENODEV) {
		xs_err(ctx, "no interface %s in this network namespace: 'ip link' lists them",
		       ifname);
		return -ENODEV;
	}
	if (!err)
		err = get_link(&found);
	if (!err)
		err = get_channels(&found);
	if (!err)
		err = get_driver(&found);
	if (!err)
		err = get_offloads(&found);
	if (!err)
		err = get_features(&found);
	if (err) {
		xs_err(ctx, "cannot query interface %s: %s", ifname, strerror(-err));
		return err;
	}
	*netif = found;
	return 0;
}

static void name_program(struct xs_hook *hook)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(hook->prog_id);

	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len))
		snprintf(hook->prog_name, sizeof(hook->prog_name), "%s", info.name);
	hook->dispatcher = !strcmp(info.name, "xdp_dispatcher");
	close(fd);
}

static void find_link(__u32 ifindex, struct xs_hook *hook)
{
	__u32 id = 0;

	hook->unknown = 0;
	while (!bpf_link_get_next_id(id, &id)) {
		struct bpf_link_info info = {};
		__u32 len = sizeof(info);
		int fd = bpf_link_get_fd_by_id(id);

		if (fd < 0) {
			if (errno != ENOENT) /* else it is gone since */
				hook->unknown = errno;
			continue;
		}
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == BPF_LINK_TYPE_XDP &&
		    info.xdp.ifindex == ifindex && info.prog_id == hook->prog_id) {
			hook->by = XS_HOOK_LINK;
			hook->link_id = id;
		}
		close(fd);
	}
	if (errno != ENOENT)
		hook->unknown = errno;
	if (hook->by != XS_HOOK_LINK && hook->unknown)
		hook->by = XS_HOOK_UNKNOWN;
}

int xs_netif_hook(__u32 ifindex, struct xs_hook *hook)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct xs_hook found = {};
	int err;

	err = bpf_xdp_query(ifindex, 0, &query);
	if (err)
		return err;
	found.native = query.drv_prog_id;
	found.skb = query.skb_prog_id;
	found.hardware = query.hw_prog_id;
	found.prog_id = query.drv_prog_id   ? query.drv_prog_id
			: query.skb_prog_id ? query.skb_prog_id
					    : query.hw_prog_id;
	if (!found.prog_id)
		return 0;
	name_program(&found);
	find_link(ifindex, &found);
	*hook = found;
	return 1;
}

void xs_netif_why(__u32 ifindex, int prog_fd, __u32 flags, char *text, size_t len)
{
	const struct xs_nl_call call = { .why = text, .why_len = len };
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;
	struct nlattr *nest;

	text[0] = '\0';
	nlh->nlmsg_type = RTM_SETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = ifindex;
	nest = mnl_attr_nest_start(nlh, IFLA_XDP);
	mnl_attr_put_u32(nlh, IFLA_XDP_FD, prog_fd);
	mnl_attr_put_u32(nlh, IFLA_XDP_FLAGS, flags | XDP_FLAGS_UPDATE_IF_NOEXIST);
	mnl_attr_nest_end(nlh, nest);
	if (!xs_nl_call(NETLINK_ROUTE, nlh, &call)) {
		LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = prog_fd);

		bpf_xdp_detach(ifindex, flags, &opts);
	}
}

int xs_netif_each(struct xsteer_ctx *ctx, int (*each)(__u32 ifindex, const char *ifname, void *arg),
		  void *arg)
{
	struct if_nameindex *all = if_nameindex();
	int ret = 0;

	if (!all) {
		xs_err(ctx, "cannot list the interfaces: %s", strerror(errno));
		return -errno;
	}
	for (struct if_nameindex *i = all; !ret && i->if_index; i++)
		ret = each(i->if_index, i->if_name, arg);
	if_freenameindex(all);
	return ret;
}
