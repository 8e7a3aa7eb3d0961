/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What bpf/trace.bpf.c tells the one process that traces an interface: frames with what
 * decided them, and how many it left out. Lives only as long as that program; nothing of it
 * is pinned.
 */
#ifndef XSTEER_TRACE_H
#define XSTEER_TRACE_H

#include <linux/types.h>

/*
 * The most bytes of a frame that are copied: more than a jumbo frame has. A record must fit
 * into the kernel's per-CPU memory, whose pieces have 32 KB.
 */
#define XS_TRACE_SNAP_MAX 16384

/* One record of the ring. The frame's bytes follow. */
struct xs_trace_event {
	__u64 time_ns; /* bpf_ktime_get_ns() */
	__u64 generation; /* of the rule set that was searched; 0: there was none */
	__u32 rule; /* 0-based in that set; XS_RULE_NONE */
	__u32 queue;
	__u32 length; /* bytes of the frame */
	__u32 captured; /* bytes that follow */
	__u8 verdict; /* enum xs_verdict: what the rule or the default says */
	__u8 done; /* enum xs_verdict: what was counted, after a fallback */
	__u8 reason; /* enum xs_reason; if there are two, the fallback's */
	__u8 xdp; /* what the program returned */
	__u32 pad;
};

/* Of a rule with `sample 1/every`: a frame that comes as number `every` is taken, on each CPU. */
struct xs_trace_sample_key {
	__u64 generation; /* of the set that has the rule */
	__u32 rule;
	__u32 pad;
};
struct xs_trace_sample {
	__u32 every;
	__u32 seen; /* since the last one that was taken */
};

/* Rules with a sample of one set; two sets may be there. */
#define XS_TRACE_SAMPLES_MAX 65536

struct xs_trace_record {
	struct xs_trace_event event;
	__u8 bytes[XS_TRACE_SNAP_MAX];
};

/*
 * Frames on one CPU that passed the filters: each is in one of the first three. Copied is what
 * no_room leaves of within_rate.
 */
struct xs_trace_counts {
	__u64 not_sampled; /* the rule's sample left them out */
	__u64 within_rate;
	__u64 over_rate;
	__u64 no_room; /* in the ring: the process was slower */
	__u64 spent_tick; /* jiffies: within that tick the rate leaves nothing more */
};

_Static_assert(sizeof(struct xs_trace_event) == 40, "no holes in a record");

#endif
