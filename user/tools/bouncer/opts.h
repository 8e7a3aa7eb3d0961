/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The options of xsteer-bouncer, and what it can do to a packet. */
#ifndef XS_BOUNCER_OPTS_H
#define XS_BOUNCER_OPTS_H

#include <stdbool.h>
#include <linux/types.h>

#include "lib/instance/instance.h"
#include "lib/net/netif.h"
#include "lib/xsk/xsk.h"
#include "tools/cli/cli.h"

#define XS_QUEUES_MAX 1024

/*
 * What can be done to each packet before it goes back, in the order in which it is
 * done: name, long option, help. To add one, add a row here and a function of that name
 * to action.c; see docs/architecture.md, "How to add".
 */
#define XS_BOUNCER_ACTIONS(X) \
	X(drop, "drop", "send nothing back") \
	X(echo, "echo", "answer ICMP and ICMPv6 echo requests") \
	X(swap_ip, "swap-ip", "exchange the IP addresses, and the ports") \
	X(swap_mac, "swap-mac", "exchange the MAC addresses")

#define XS_ACTION_INDEX(name, option, help) XS_ACTION_INDEX_##name,
enum { XS_BOUNCER_ACTIONS(XS_ACTION_INDEX) XS_ACTION_CNT };
#define XS_ACTION_BIT(name, option, help) XS_ACTION_##name = 1 << XS_ACTION_INDEX_##name,
enum { XS_BOUNCER_ACTIONS(XS_ACTION_BIT) };

struct xs_bouncer_opts {
	const char *ifname;
	const char *queue_text; /* "0", "0-3", "all" */
	__u32 queues[XS_QUEUES_MAX];
	__u32 queue_cnt;
	enum xs_mode mode;
	enum xs_xsk_mode want;
	const char *object, *section;
	const char *xskmap, *uds;
	int map_fd; /* -1: none */
	bool periodic; /* statistics at every interval without -v */
	bool verbose, poll, adaptive, latency;
	bool huge, unaligned;
	bool take_over;
	bool keeper;
	const char *socket; /* where to be asked, or to ask; NULL: chosen */
	__u64 duration_ns; /* 0: until a signal */
	__u64 limit; /* packets; 0: none */
	__u64 interval_ns;
	__u32 batch;
	__u32 frames, frame_size, headroom, ring; /* 0: chosen automatically */
	__u32 busy_poll; /* budget; 0: off */
	__u32 actions; /* enum xs_action_bit */
	__u32 cpus[XS_QUEUES_MAX];
	__u32 cpu_cnt; /* 0: wherever the scheduler puts the threads */
};

extern const struct xs_opt xs_bouncer_opt_table[];
void xs_bouncer_opts_init(struct xs_bouncer_opts *opts);

/*
 * Checks what the table cannot express: options that exclude each other. 0, or that of
 * xs_usage().
 */
int xs_bouncer_opts_check(struct xs_cli *cli, const struct xs_bouncer_opts *opts);

/*
 * Resolves the queues that are meant and compares them with the interface's. 0 or
 * -errno, logged.
 */
int xs_bouncer_opts_queues(struct xs_cli *cli, struct xs_bouncer_opts *opts,
			   const struct xs_netif *netif);

#endif
