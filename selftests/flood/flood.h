/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the files of flood share: its options, its senders, and what has been counted. */
#ifndef SELFTESTS_FLOOD_H
#define SELFTESTS_FLOOD_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/if_ether.h>
#include <linux/if_xdp.h>
#include <linux/types.h>

#include "tools/cli/latency.h"
#include "../progs/flood.h"

#define FLOOD_GROUPS_MAX 8
#define FLOOD_PIDS_MAX 16
#define FLOOD_FRAME_MAX 3400 /* a page, less what the kernel keeps of it */

/* Processes whose CPU time is one figure. */
struct flood_group {
	char *name;
	pid_t pids[FLOOD_PIDS_MAX];
	int cnt;
};

/* What has been counted until a moment, or between two. */
struct flood_snapshot {
	__u64 now_ns, sent;
	struct flood_sink sink;
	__u64 own_ns, busy_ns, group_ns[FLOOD_GROUPS_MAX];
	struct xs_latency latency;
	struct xdp_statistics xdp; /* of `sockets` sockets */
	int sockets;
};

/* A sender: a thread on a CPU. */
struct flood_thread {
	struct flood *flood;
	struct flood_sender *state;
	pthread_t thread;
	int cpu;
	bool started;
	__u64 frames; /* to send; 0: until told to stop */
	int err;
};

struct flood {
	struct flood_bpf *skel;
	unsigned int ifindex;
	unsigned char src_mac[ETH_ALEN], dst_mac[ETH_ALEN], frame[FLOOD_FRAME_MAX];
	unsigned long frames, rate_pps, size, flows, burst, rest_ms;
	double seconds, warm_up, interval;
	bool xdp_sink, latency, json;
	pid_t sockets_of;
	struct flood_group groups[FLOOD_GROUPS_MAX];
	int group_cnt;
	struct flood_thread senders[FLOOD_CPUS];
	int sender_cnt;
	bool attached;
	volatile bool stop;
};

/* CLOCK_MONOTONIC. */
__u64 flood_now_ns(void);

/* ---- send.c ---- */

void flood_build_frame(struct flood *f, __u32 run);
void flood_prepare_senders(struct flood *f);
/* 0 or -errno. In either case flood_stop_senders() ends those that were started. */
int flood_start_senders(struct flood *f);
void flood_stop_senders(struct flood *f);
/* Have all sent what they should? Also true if one failed; then *err is its error. */
bool flood_all_sent(const struct flood *f, int *err);

/* ---- count.c ---- */

void flood_add_sinks(const struct flood *f, struct flood_sink *sum);
void flood_take(const struct flood *f, struct flood_snapshot *s);
/* What happened from `a` to `b`, into `b`. */
void flood_subtract(const struct flood *f, const struct flood_snapshot *a,
		    struct flood_snapshot *b);

/* ---- report.c ---- */

void flood_print_interval(const struct flood *f, const struct flood_snapshot *s);
void flood_print_final(const struct flood *f, const struct flood_snapshot *window,
		       const struct flood_snapshot *total);

/* ---- run.c ---- */

/* Sends, counts and reports. Returns the exit status. */
int flood_run(struct flood *f, const char *ifname);

#endif
