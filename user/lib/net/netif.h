/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the kernel says of an interface: queues, driver, MTU, features, and who
 * holds its XDP hook. Asks by ioctl, netlink and bpf(2), never by sysfs, which
 * shows another namespace's interfaces where it was not mounted anew.
 */
#ifndef XS_NETIF_H
#define XS_NETIF_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct xsteer_ctx;

/* struct xs_netif.xdp_features: enum netdev_xdp_act, include/uapi/linux/netdev.h (Linux 6.3) */
#define XS_ACT_BASIC (1 << 0)
#define XS_ACT_REDIRECT (1 << 1)
#define XS_ACT_NDO_XMIT (1 << 2)
#define XS_ACT_XSK_ZEROCOPY (1 << 3)
#define XS_ACT_HW_OFFLOAD (1 << 4)
#define XS_ACT_RX_SG (1 << 5)
#define XS_ACT_NDO_XMIT_SG (1 << 6)

struct xs_netif {
	char name[16];
	__u32 ifindex;
	__u32 mtu;
	bool up;
	bool ethernet; /* its frames begin with an Ethernet header */
	__u16 link_type; /* ARPHRD_* of <linux/if_arp.h> */
	char driver[32]; /* "" where the driver does not say */
	__u32 rx_queues; /* now in use: valid queues are 0..rx_queues-1 */
	__u32 tx_queues;
	__u32 max_queues; /* the most that ethtool -L can make of it */
	__u32 carrier_losses; /* how often its link has gone down so far */
	__u32 iflink; /* ifindex of what it is on, or of a veth's peer */
	__u8 address[32]; /* of its link layer: Ethernet's has 6 bytes */
	__u32 address_len;
	__u32 master; /* ifindex of the bond, bridge or team it is part of; 0: none */
	bool lro; /* the NIC merges frames */
	bool strips_vlan; /* the NIC takes tags off before XDP sees the frame */
	bool leaves_checksums; /* the kernel leaves those of what it sends to the driver */
	bool leaves_vlan; /* likewise VLAN tags */
	__u64 xdp_features; /* enum netdev_xdp_act; Linux 6.3 */
	bool xdp_features_known;
	__u32 xdp_zc_max_segs; /* 0: not said */
	__u64 rx_metadata; /* enum netdev_xdp_rx_metadata; Linux 6.7 */
	bool rx_metadata_known;
};

/*
 * Fills `netif`; `ifname` may be an alternative name. No privilege needed. -ENODEV,
 * logged, if there is no such interface; what the kernel does not tell stays 0 or
 * unknown.
 */
int xs_netif_get(struct xsteer_ctx *ctx, struct xs_netif *netif, const char *ifname);

/* carrier_losses, now; 0 where the kernel does not tell. No privilege needed. */
__u32 xs_netif_carrier_losses(__u32 ifindex);

/*
 * ifindex of the other end of a veth, 0 if it is in another network namespace
 * or the kernel does not tell. No privilege needed.
 */
__u32 xs_netif_peer(__u32 ifindex);

/*
 * May the other end of a veth leave checksums to be filled in? One in another network
 * namespace cannot be asked, so it may. No privilege needed.
 */
bool xs_netif_peer_leaves_checksums(__u32 ifindex);

/* Does the NIC spread frames over its queues by a table that `ethtool -X` sets? No privilege needed. */
bool xs_netif_has_rss_table(const char *ifname);

/* One program on an interface's XDP hook. */
struct xs_hook {
	__u32 prog_id;
	char prog_name[64];
	enum { XS_HOOK_NETLINK, XS_HOOK_LINK, XS_HOOK_UNKNOWN } by;
	int unknown; /* errno of what could not be asked; 0: all was */
	__u32 link_id; /* by a link whose id is known */
	bool skb, native, hardware;
	bool dispatcher; /* libxdp's */
};

/*
 * Who holds the XDP hook of `ifindex`. 1: *hook is filled; 0: nobody; -errno.
 * Names need CAP_SYS_ADMIN or CAP_BPF, links CAP_SYS_ADMIN; without, the name
 * is empty and `by` unknown.
 */
int xs_netif_hook(__u32 ifindex, struct xs_hook *hook);

/*
 * The kernel's own words (netlink extack) on attaching `prog_fd` with `flags`
 * (XDP_FLAGS_*), which a bpf_link does not pass on: tries by netlink what just
 * failed by link. "" if it says nothing. Should the attach succeed, it is undone.
 */
void xs_netif_why(__u32 ifindex, int prog_fd, __u32 flags, char *text, size_t len);

/* Calls `each` for every interface of this namespace, until it returns non-zero. */
int xs_netif_each(struct xsteer_ctx *ctx, int (*each)(__u32 ifindex, const char *ifname, void *arg),
		  void *arg);

#endif
