/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A NIC's own rules, which bring flows to queues: what `ethtool -n` shows and `ethtool -N` sets. Asks by
 * ioctl; all functions are silent.
 */
#ifndef XS_NET_NTUPLE_H
#define XS_NET_NTUPLE_H

#include <stdbool.h>
#include <linux/types.h>
#include <linux/ethtool.h>

#include "maps/packet_key.h"
#include "maps/xsteer.h"

struct xs_ntuple_rules {
	__u32 cnt;
	__u32 room; /* locations that its table has; 0: it does not tell */
	bool picks_location; /* the driver finds a free one by itself */
	struct ethtool_rx_flow_spec *rows;
};

enum xs_ntuple_switch {
	XS_NTUPLE_ON,
	XS_NTUPLE_OFF, /* `ethtool -K IF ntuple on` turns them on */
	XS_NTUPLE_NEVER, /* the NIC has none */
};

/* Needs no privilege. What cannot be asked counts as never. */
enum xs_ntuple_switch xs_ntuple_switch(const char *ifname);

/*
 * Reads all rules. Needs no privilege. 0: the caller frees `rows`; -EOPNOTSUPP: the NIC has none;
 * other -errno.
 */
int xs_ntuple_read(const char *ifname, struct xs_ntuple_rules *rules);

/* One of them. 0; -ENOENT: there is none at that location; other -errno. */
int xs_ntuple_get(const char *ifname, __u32 location, struct ethtool_rx_flow_spec *spec);

/* Makes a rule; *location, which may be RX_CLS_LOC_ANY, gets its place. Needs CAP_NET_ADMIN. 0 or -errno. */
int xs_ntuple_add(const char *ifname, const struct xs_reserved_flow *flow, __u32 *location);
int xs_ntuple_remove(const char *ifname, __u32 location);

/* The rule for frames of that flow, as the kernel takes it. Pure, like those below. */
void xs_ntuple_spec(const struct xs_reserved_flow *flow, struct ethtool_rx_flow_spec *spec);

/* Do both take the same frames, wherever to? */
bool xs_ntuple_same_frames(const struct ethtool_rx_flow_spec *a,
			   const struct ethtool_rx_flow_spec *b);

/* Does the rule lead to an RSS context of its own instead of a queue? */
bool xs_ntuple_to_context(const struct ethtool_rx_flow_spec *spec);
/* The queue; -1: it drops, leads to a context or to a virtual function. */
int xs_ntuple_queue(const struct ethtool_rx_flow_spec *spec);

/* A number for all that the rule says; never 0. */
__u64 xs_ntuple_digest(const struct ethtool_rx_flow_spec *spec);

#endif
