/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Everything that is to be known of each receive queue of an interface, of kernel, driver
 * and instance, at one moment. Prints nothing.
 */
#ifndef XS_QUEUE_FACTS_H
#define XS_QUEUE_FACTS_H

#include "lib/instance/pins.h"
#include "lib/net/netdev_queues.h"
#include "lib/net/netif.h"
#include "lib/set/sets.h"
#include "lib/xsk/peek.h"

/* An AF_XDP socket that is bound to a queue, or stands in a slot for it. */
struct xs_queue_socket {
	__u32 queue;
	int slot; /* -1: not known */
	__u32 pid; /* 0: not known */
	bool ours; /* of a process that wrote owners */
	const char *mode; /* "?": not known */
	bool seen; /* `state` was read */
	struct xs_xsk_state state;
};

struct xs_queue_facts {
	struct xs_netif netif;
	struct xs_netdev_queues kernel;
	__u64 *drops; /* by queue: before the program, as driver or kernel count */
	bool drops_told;
	struct xs_queue_socket *sockets;
	__u32 socket_cnt;
	bool others_told; /* sockets of other programs would be among them */
	bool instance; /* there is one; else what follows is not known */
	struct xs_queue_stats *stats; /* by queue */
	__u32 stats_cnt;
	__u64 packets; /* of all */
	struct xs_rules_in_force rules; /* zeroed where they may not be read */
	bool rules_known;
	int rules_err; /* why they are not */
};

/*
 * `pins`: of the interface's instance, or NULL. 0 or -errno, logged; what may not be asked
 * is left out.
 */
int xs_queue_facts_read(struct xsteer_ctx *ctx, const char *ifname, const struct xs_pins *pins,
			struct xs_queue_facts *facts);
void xs_queue_facts_free(struct xs_queue_facts *facts);

/* Does the rule lead frames of the queue to a socket? */
bool xs_rule_leads_to(const struct xs_action *action, __u32 queue);

#endif
