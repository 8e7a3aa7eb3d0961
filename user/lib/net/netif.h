/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the kernel says about an interface: queues, driver, MTU, features, and who holds
 * its XDP hook. Asks by ioctl, netlink and bpf(2), never by sysfs: unless sysfs was
 * mounted again in this namespace, it shows the interfaces of another one.
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
	char driver[32]; /* "" if the driver does not say */
	__u32 rx_queues; /* now in use: valid queues are 0..rx_queues-1 */
	__u32 tx_queues;
	__u32 max_queues; /* the most that ethtool -L can set */
	__u32 carrier_losses; /* how often its link has gone down so far */
	__u32 iflink; /* ifindex of the interface below it, or of a veth's peer */
	__u8 address[32]; /* link layer address; Ethernet uses 6 bytes */
	__u32 address_len;
	__u32 master; /* ifindex of its bond, bridge or team; 0: none */
	bool lro; /* the NIC merges frames */
	bool strips_vlan; /* the NIC removes tags before XDP sees the frame */
	bool leaves_checksums; /* the kernel leaves checksums of sent frames to the driver */
	bool leaves_vlan; /* likewise VLAN tags */
	__u64 xdp_features; /* enum netdev_xdp_act; Linux 6.3 */
	bool xdp_features_known;
	__u32 xdp_zc_max_segs; /* 0: not known */
	__u64 rx_metadata; /* enum netdev_xdp_rx_metadata; Linux 6.7 */
	bool rx_metadata_known;
};

/*
 * Fills *netif. `ifname` may be an alternative name. Needs no privilege. 0; or -ENODEV,
 * logged: there is no such interface. What the kernel does not tell stays 0 or unknown.
 */
int xs_netif_get(struct xsteer_ctx *ctx, struct xs_netif *netif, const char *ifname);

/* The current carrier_losses; 0 if the kernel does not tell. Needs no privilege. */
__u32 xs_netif_carrier_losses(__u32 ifindex);

/* The current MTU; 0 if it cannot be asked. Needs no privilege. */
__u32 xs_netif_mtu(__u32 ifindex);

/*
 * Do its frames begin with something else than an Ethernet header, as those of tun or a tunnel? What
 * is not there or cannot be asked counts as no. Needs no privilege. Silent.
 */
bool xs_netif_lacks_ethernet(const char *ifname);

/*
 * ifindex of a veth's other end. Needs no privilege. 0; -ENODEV: that is in another network
 * namespace; other -errno: this could not be found out. Silent.
 */
int xs_netif_peer(__u32 ifindex, __u32 *peer);

/*
 * May the other end of a veth leave checksums unfinished? If it is in another network
 * namespace it cannot be asked, and the answer is yes. Needs no privilege.
 */
bool xs_netif_peer_leaves_checksums(__u32 ifindex);

/*
 * May frames come merged into long ones where the driver does not run the program: by GRO, or
 * because a veth's other end leaves it to the driver to split them? An end in another network
 * namespace cannot be asked, and the answer is yes. Needs no privilege.
 */
bool xs_netif_may_merge(const struct xs_netif *netif);

/*
 * In zero-copy mode igb and igc round a receive buffer down to whole kilobytes, and pass on the
 * rest of a frame as a packet of its own (igb_main.c, igc_main.c). Needs no privilege.
 */
bool xs_netif_rounds_buffers_down(const struct xs_netif *netif);

/*
 * Does the NIC spread frames over its queues by a table that `ethtool -X` sets? Needs
 * no privilege.
 */
bool xs_netif_has_rss_table(const char *ifname);

/*
 * The most entries that `ethtool -G` can give the receive rings; 0: they have as many, or the driver
 * does not tell. Needs no privilege.
 */
__u32 xs_netif_larger_rx_ring(const char *ifname);

/* A program on an interface's XDP hook. */
struct xs_hook {
	__u32 prog_id;
	char prog_name[64];
	enum { XS_HOOK_NETLINK, XS_HOOK_LINK, XS_HOOK_UNKNOWN } by;
	int unknown; /* errno of what could not be found out; 0: all was */
	__u32 link_id; /* attached by a link whose id is known */
	bool skb, native, hardware;
	bool dispatcher; /* libxdp's */
};

/*
 * Finds out who holds the XDP hook of `ifindex`. 1: *hook is filled; 0: nobody; -errno.
 * Names need CAP_SYS_ADMIN or CAP_BPF, links need CAP_SYS_ADMIN; without them the name
 * is empty and `by` is unknown.
 */
int xs_netif_hook(__u32 ifindex, struct xs_hook *hook);

/*
 * The kernel's own words (netlink extack) about attaching `prog_fd` with `flags`
 * (XDP_FLAGS_*). A bpf_link does not pass them on, so this tries by netlink what has
 * just failed by link. "" if the kernel says nothing. If this attach succeeds, it is
 * undone.
 */
void xs_netif_why(__u32 ifindex, int prog_fd, __u32 flags, char *text, size_t len);

/* Calls each() for every interface of this namespace, until it returns non-zero. */
int xs_netif_each(struct xsteer_ctx *ctx, int (*each)(__u32 ifindex, const char *ifname, void *arg),
		  void *arg);

#endif
