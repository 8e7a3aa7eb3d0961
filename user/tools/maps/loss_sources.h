/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Everything that counts frames around an instance, read at one moment: our counters,
 * the sockets' of whatever process, the driver's, and what the kernel's tracepoints told.
 * Says nothing of what the numbers mean: loss_causes.h.
 */
#ifndef XS_LOSS_SOURCES_H
#define XS_LOSS_SOURCES_H

#include <linux/if_xdp.h>

#include "lib/instance/failures.h"
#include "lib/instance/queue_stats.h"
#include "lib/net/netif.h"
#include "lib/net/nic_counters.h"

/* An AF_XDP socket on the interface. */
struct xs_loss_socket {
	__u32 inode; /* 0: not known */
	int slot; /* -1: of a process that did not write owners */
	__u32 queue;
	__u32 pid; /* 0: not known */
	bool zero_copy;
	struct xdp_statistics stats;
};

/* What the set in force says of frames; `known` false: it may not be read. */
struct xs_loss_rules {
	bool known;
	__u64 dropped; /* frames of rules with verdict drop */
	__u8 by_default, of_malformed; /* enum xs_verdict */
};

/* What was kept of the sockets that were in a slot before, and have gone. */
struct xs_loss_kept {
	__u32 slot;
	struct xs_socket_counts counts;
};

struct xs_loss_sources {
	double at; /* seconds, monotonic */
	struct xs_queue_stats *queues, total;
	__u32 queue_cnt;
	struct xs_loss_rules rules;
	struct xs_nic_counters nic;
	struct xs_loss_socket *sockets;
	__u32 socket_cnt;
	struct xs_loss_kept *kept; /* not in what was counted between two moments */
	__u32 kept_cnt;
	struct xs_failures failures; /* none without tracing */
	bool traced;
	bool native; /* the mode that it is attached in; else skb */
	bool unread; /* the sockets of some process may not be looked at */
	bool every_socket; /* the kernel told of every process's */
	int *slot_queues; /* by slot, as xs_slot_sockets(); NULL: may not be asked */
	__u32 slots;
};

/*
 * `watch`: as xs_failures_open(), or NULL. 0 or -errno, logged, and nothing is to be freed;
 * what only some may read is left out silently. Does not block.
 */
int xs_loss_sources_read(const struct xs_pins *pins, const struct xs_netif *netif,
			 const struct failures_bpf *watch, struct xs_loss_sources *sources);
void xs_loss_sources_free(struct xs_loss_sources *sources);

/*
 * What was counted between two moments: a copy of `now` that is freed like it. A counter that
 * ran backwards began anew and is taken whole. 0 or -ENOMEM.
 */
int xs_loss_sources_since(const struct xs_loss_sources *now, const struct xs_loss_sources *before,
			  struct xs_loss_sources *since);

#endif
