/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The way of single frames through the chains of one engine, written down while they go.
 * Costs nothing while nobody asks, but one comparison at each event of a frame.
 */
#ifndef XS_CHAIN_TRACE_H
#define XS_CHAIN_TRACE_H

#include <stdbool.h>
#include <linux/types.h>

#define XS_TRACED_MAX 64 /* frames */
#define XS_TRACE_POINTS_MAX 64 /* of a frame: 16 steps with three each, and the ends */
#define XS_TRACE_HEAD 2048 /* bytes of the packet as it entered, which are parsed later */

/* What happens to a frame, and what `value` says of it. */
enum xs_trace_what {
	XS_TRACE_given, /* to an instance: its number */
	XS_TRACE_returned, /* the verdict */
	XS_TRACE_exit, /* returned with one of the service's exits: its index */
	XS_TRACE_waiting, /* for room, or for an instance */
	XS_TRACE_bypassed,
	XS_TRACE_survived, /* its NF died, but could only read */
	XS_TRACE_ended, /* XS_TO_tx or XS_TO_drop, as a verdict or the chain file says */
	XS_TRACE_lost, /* enum xs_loss */
};

struct xs_trace_point {
	__u64 at_ns; /* after the frame entered */
	__s16 value;
	__u8 what; /* enum xs_trace_what */
	__u8 service; /* whose step it is at */
};

struct xs_traced {
	__u64 entered_ns;
	__u8 chain;
	bool done;
	__u16 len; /* bytes as it entered */
	__u16 head_len; /* those of them that are at `head` */
	__u32 hash;
	unsigned char head[XS_TRACE_HEAD];
	__u32 cnt;
	struct xs_trace_point points[XS_TRACE_POINTS_MAX];
};

struct xs_trace {
	__u32 wanted; /* frames */
	int chain; /* only of this one; -1: of any */
	__u32 begun, done;
	struct xs_traced frames[XS_TRACED_MAX];
};

/*
 * A packet enters: `len` bytes lie at `packet`, `bytes` it has in all. Returns what xs_trace_add()
 * is to be told of it; 0: it is not traced.
 */
__u32 xs_trace_begin(struct xs_trace *trace, __u32 chain, const unsigned char *packet, __u32 len,
		     __u32 bytes, __u32 hash, __u64 now_ns);
void xs_trace_add(struct xs_trace *trace, __u32 traced, enum xs_trace_what what, int value,
		  __u32 service, __u64 now_ns);

#endif
