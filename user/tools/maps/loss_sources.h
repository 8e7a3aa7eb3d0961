/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Everything that counts frames around an instance: our counters, those of every process's
 * sockets, the driver's, and the kernel's tracepoints. loss_causes.h says what the numbers
 * mean.
 *
 * Frames come while it is read, so the order is: the driver; what the program has counted;
 * rules, sockets and tracepoints, which say what became of these frames; the program's
 * counters and the driver's again. So each frame that is counted is explained as well, and how
 * many more came meanwhile is known.
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

/* Frames of rules that send them to a receiver, by what is done where there is none. */
struct xs_loss_sent {
	__u64 else_pass, else_drop;
};

/* What the set in force says about frames. */
struct xs_loss_rules {
	bool known;
	int err; /* -errno: why it is not known */
	__u64 dropped; /* frames of rules with verdict drop, within their limits */
	__u64 over_limit; /* frames that rules drop over their limits */
	struct xs_loss_sent to_sockets, to_chains;
	bool any_dropped, any_over_limit; /* since the rules began, also between two moments */
	struct xs_action by_default;
	__u8 of_malformed; /* enum xs_verdict */
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
	struct xs_queue_stats later; /* the total, read behind all that explains it */
	/* Between two moments: what came at the first one between `total` and `later`. */
	struct xs_queue_stats drift;
	struct xs_loss_rules rules;
	struct xs_nic_counters nic, nic_later; /* read first, and last */
	/* Between two moments: what was certainly counted after the first and before the second. */
	struct xs_nic_counters nic_least;
	struct xs_loss_socket *sockets;
	__u32 socket_cnt;
	struct xs_loss_kept *kept; /* not in what was counted between two moments */
	__u32 kept_cnt;
	struct xs_failures failures; /* none without tracing */
	bool traced;
	bool native; /* the mode of the program; false: skb */
	bool unread; /* the sockets of some process may not be looked at */
	bool every_socket; /* the kernel reported those of every process */
	int *slot_queues; /* by slot, as xs_slot_sockets(); NULL: may not be asked */
	__u32 slots;
};

/*
 * `watch` comes from xs_failures_open(), or is NULL. While frames come, it waits until every
 * driver has counted those that it has at hand, some milliseconds. What only some may
 * read is left out silently. 0; or -errno, logged, with nothing to free.
 */
int xs_loss_sources_read(const struct xs_pins *pins, const struct xs_netif *netif,
			 const struct failures_bpf *watch, struct xs_loss_sources *sources);
void xs_loss_sources_free(struct xs_loss_sources *sources);

/*
 * What was counted between two moments: a copy of `now` that is freed like it. If a
 * counter ran backwards it was reset, and its whole value is used. 0 or -ENOMEM.
 */
int xs_loss_sources_since(const struct xs_loss_sources *now, const struct xs_loss_sources *before,
			  struct xs_loss_sources *since);

#endif
