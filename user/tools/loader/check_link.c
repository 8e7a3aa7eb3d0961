// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The interface, its driver and settings, and the other end of a veth. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "features.h"
#include "findings.h"
#include "lib/base/number.h"
#include "lib/instance/program.h"
#include "lib/net/identity.h"

/* Without fragments a frame and its headroom must fit in a page (driver limits differ a little). */
#define MTU_ONE_BUFFER 3498

void xs_check_link(struct xs_diagnosis *d)
{
	char master[IFNAMSIZ];

	if (!d->netif.ethernet)
		xs_find(d, "ethernet", XS_LEVEL_FAIL,
			"attach to the interface on which they arrive",
			"its frames have no Ethernet header (link type %u, as of tun or a tunnel)",
			d->netif.link_type);
	if (!d->netif.up)
		xs_find(d, "link", XS_LEVEL_WARN, xs_fix(d, "ip link set %s up", d->netif.name),
			"the interface is down");
	if (d->netif.master && xs_netif_name(d->netif.master, master))
		snprintf(master, sizeof(master), "index %u", d->netif.master);
	if (d->netif.master)
		xs_find(d, "master", XS_LEVEL_WARN,
			"attach to each port, and nothing to the master",
			"it is a port of %s: frames are seen here, before the master gets them",
			master);
}

bool xs_skb_only(const struct xs_netif *netif)
{
	return netif->xdp_features_known ? !(netif->xdp_features & XS_ACT_BASIC)
					 : !netif->driver[0];
}

/*
 * In native mode a veth needs at least as many receive queues as its peer has transmit
 * queues. Until then it says "no XDP".
 */
static bool veth_lacks_queues(const struct xs_diagnosis *d)
{
	if (!d->veth || (d->netif.xdp_features_known && !xs_skb_only(&d->netif)))
		return false;
	return d->peer.ifindex ? d->peer.tx_queues > d->netif.rx_queues
			       : d->netif.xdp_features_known;
}

static void find_veth_queues(struct xs_diagnosis *d)
{
	const struct xs_netif *netif = &d->netif;

	if (d->peer.ifindex)
		xs_find(d, "driver", XS_LEVEL_WARN,
			xs_fix(d, "ethtool -L %s rx %u, or ethtool -L %s tx %u", netif->name,
			       d->peer.tx_queues, d->peer.name, netif->rx_queues),
			"no native XDP, only skb mode: %u receive queue%s, "
			"but its peer %s sends on %u",
			netif->rx_queues, xs_s(netif->rx_queues), d->peer.name, d->peer.tx_queues);
	else if (d->no_peer != -ENODEV)
		xs_find(d, "driver", XS_LEVEL_WARN, "",
			"no native XDP, only skb mode: its peer, which cannot be asked (%s), "
			"sends on more queues than the %u received on",
			strerror(-d->no_peer), netif->rx_queues);
	else
		xs_find(d, "driver", XS_LEVEL_WARN,
			xs_fix(d,
			       "raise them with 'ethtool -L %s rx' to as many as the peer sends "
			       "on, or have it send on %u ('tx %u' there)",
			       netif->name, netif->rx_queues, netif->rx_queues),
			"no native XDP, only skb mode: its peer, in another network namespace, "
			"sends on more queues than the %u received on",
			netif->rx_queues);
}

void xs_check_driver(struct xs_diagnosis *d)
{
	const struct xs_netif *netif = &d->netif;
	char driver[48] = "the driver";

	if (netif->driver[0])
		snprintf(driver, sizeof(driver), "driver '%s'", netif->driver);

	if (veth_lacks_queues(d))
		find_veth_queues(d);
	else if (!netif->xdp_features_known)
		xs_find(d, "driver", XS_LEVEL_WARN,
			xs_fix(d, "try 'xsteer-loader attach -m native %s'", netif->name),
			"what %s can do is not known: kernels tell since 6.3", driver);
	else if (xs_skb_only(netif))
		xs_find(d, "driver", XS_LEVEL_WARN, "skb mode works, at a fraction of the rate",
			"%s has no native XDP", driver);
	else if (!(netif->xdp_features & XS_ACT_REDIRECT))
		xs_find(d, "driver", XS_LEVEL_FAIL, "use skb mode: xsk, cpu and dev need redirect",
			"%s has native XDP but cannot redirect", driver);
	else
		xs_find(d, "driver", XS_LEVEL_OK, "", "%s has native XDP", driver);
	if (netif->xdp_features_known && !(netif->xdp_features & XS_ACT_XSK_ZEROCOPY))
		xs_find(d, "zero-copy", XS_LEVEL_WARN, "copy mode works; expect one copy a frame",
			"%s has no zero-copy", driver);
}

void xs_check_mtu(struct xs_diagnosis *d)
{
	bool frags = xs_kernel_has_frags() &&
		     (!d->netif.xdp_features_known || d->netif.xdp_features & XS_ACT_RX_SG);

	if (d->netif.mtu > MTU_ONE_BUFFER && !frags && !xs_skb_only(&d->netif))
		xs_find(d, "mtu", XS_LEVEL_FAIL, "lower it, or use skb mode",
			"MTU %u needs frames of several buffers, which kernel or driver lacks",
			d->netif.mtu);
	else
		xs_find(d, "mtu", XS_LEVEL_OK, "", "MTU %u", d->netif.mtu);
}

/*
 * A veth gets a frame as its peer's kernel left it: what that kernel leaves to a driver
 * is not done.
 */
static void check_veth_peer(struct xs_diagnosis *d)
{
	const struct xs_netif *peer = &d->peer;

	if (!peer->ifindex && d->no_peer != -ENODEV) {
		xs_find(d, "checksum", XS_LEVEL_WARN, "",
			"veth: whether its peer leaves checksums and VLAN tags to be filled in "
			"cannot be asked: %s",
			strerror(-d->no_peer));
		return;
	}
	if (!peer->ifindex) {
		xs_find(d, "checksum", XS_LEVEL_WARN,
			"see 'ethtool -k' there; 'ethtool -K' with 'tx off txvlan off' on it helps",
			"veth: its peer, in another network namespace, cannot be asked whether it "
			"leaves checksums and VLAN tags to be filled in");
		return;
	}
	if (peer->leaves_checksums)
		xs_find(d, "checksum", XS_LEVEL_WARN, xs_fix(d, "ethtool -K %s tx off", peer->name),
			"veth: its peer %s leaves checksums to be filled in, "
			"and bounced frames keep them so",
			peer->name);
	if (peer->leaves_vlan)
		xs_find(d, "vlan", XS_LEVEL_WARN, xs_fix(d, "ethtool -K %s txvlan off", peer->name),
			"veth: its peer %s sends VLAN tags beside the frame: "
			"rules on vlan see none",
			peer->name);
}

void xs_check_offloads(struct xs_diagnosis *d)
{
	if (d->netif.lro)
		xs_find(d, "lro", XS_LEVEL_FAIL, xs_fix(d, "ethtool -K %s lro off", d->netif.name),
			"the NIC merges frames: drivers refuse native XDP");
	if (d->netif.strips_vlan && !d->veth)
		xs_find(d, "vlan", XS_LEVEL_WARN,
			xs_fix(d, "ethtool -K %s rxvlan off", d->netif.name),
			"the NIC strips VLAN tags: rules on vlan see none");
	if (d->veth)
		check_veth_peer(d);
}

void xs_check_queues(struct xs_diagnosis *d)
{
	const struct xs_netif *netif = &d->netif;

	if (netif->rx_queues > netif->tx_queues)
		xs_find(d, "queues", XS_LEVEL_WARN,
			xs_fix(d, "ethtool -L %s tx %u, or as few rx as tx", netif->name,
			       netif->rx_queues),
			"%u receive and %u transmit queue%s: "
			"a bouncer on queue %u or above cannot send",
			netif->rx_queues, netif->tx_queues, xs_s(netif->tx_queues),
			netif->tx_queues);
	else
		xs_find(d, "queues", XS_LEVEL_OK, "", "%u receive and %u transmit queue%s",
			netif->rx_queues, netif->tx_queues, xs_s(netif->tx_queues));
}
