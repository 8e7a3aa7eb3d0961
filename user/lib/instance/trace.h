/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Puts the program that traces (bpf/trace.bpf.c) into an instance's link, in place of the
 * plain one, and back. The plain program stays pinned: whatever happens to the process that
 * traces, the pinned program is the one that belongs into the link.
 */
#ifndef XS_INSTANCE_TRACE_H
#define XS_INSTANCE_TRACE_H

#include <stdbool.h>
#include <linux/types.h>

#include "maps/trace.h"
#include "maps/xsteer.h"
#include "pins.h"

struct xs_trace;

/* So many at one call, so that a caller who is slower than the frames can do something else. */
#define XS_TRACE_READ_MAX 4096

/* A rule of which a trace is offered one frame of `every`, on each CPU. */
struct xs_trace_sampled {
	__u32 rule; /* by number in its set */
	__u32 every;
};
struct xs_trace_samples {
	__u64 generation; /* of the set */
	struct xs_trace_sampled *rows;
	__u32 cnt; /* XS_TRACE_SAMPLES_MAX at most */
};

/* Which frames, and how many. All zero: no frame. */
struct xs_trace_opts {
	__u32 verdicts; /* 1 << enum xs_verdict, as counted; ~0: any */
	__u32 reasons; /* 1 << enum xs_reason; ~0: any */
	const __u32 *rules; /* only these, by number in the set `generation`; NULL: any */
	__u32 rule_cnt;
	__u64 generation;
	__u32 snap; /* bytes of a frame, 1 to XS_TRACE_SNAP_MAX */
	__u32 rate; /* frames a second, and so many at once; at least 1 */
	struct xs_trace_samples samples; /* borrowed during the call */
};

/*
 * Loads the tracing program over the maps of the instance and puts it into its link: each
 * frame meets one program or the other. Blocks for the instance's lock (10 s at most) and
 * for the verifier. Needs CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN. 0: *trace is to be closed;
 * -ENOENT, silently: no instance; -EBUSY: another process traces it, which the error names;
 * -EOPNOTSUPP: it is in a dispatcher, which cannot replace one program, or the kernel is older than 5.18; -EPROTO: its program
 * is of another build; other -errno, logged.
 */
int xs_trace_open(struct xsteer_ctx *ctx, const char *ifname, const struct xs_trace_opts *opts,
		  struct xs_trace **trace);

/* One frame. A return value other than 0 ends the call that reads, behind this frame. */
typedef int (*xs_trace_fn)(void *arg, const struct xs_trace_event *event,
			   const unsigned char *bytes);

/*
 * Waits for frames for timeout_ms (0: does not wait) and calls each() for what is there, up
 * to XS_TRACE_READ_MAX. *read: how many. 0; what each() returned; -EINTR: ctx->stop_fd;
 * -ESTALE: the link runs another program by now, or is off the hook; other -errno. Silent.
 */
int xs_trace_read(struct xs_trace *trace, int timeout_ms, xs_trace_fn each, void *arg, __u32 *read);

/*
 * For another set that is in force now; takes away those of the generation `old`. Until then
 * every frame of its rules is offered. 0 or -errno, silently.
 */
int xs_trace_change_samples(struct xs_trace *trace, const struct xs_trace_samples *fresh,
			    const struct xs_trace_samples *old);

/*
 * Puts the plain program back, and waits until no frame is within the other one: what is
 * on the ring then is all, and the counts are final. Does nothing if it is back already.
 * 0 or -errno, logged: the next command that changes the instance puts it back.
 */
int xs_trace_stop(struct xs_trace *trace);

/* Summed over CPUs, but for spent_tick. 0 or -errno, silently. */
int xs_trace_read_counts(const struct xs_trace *trace, struct xs_trace_counts *counts);
void xs_trace_close(struct xs_trace *trace); /* stops it first; NULL: does nothing */

/*
 * Is it a tracing program? 1: *tracer is the process that put it there; 0: no, or the
 * kernel does not tell. Silent. Needs CAP_SYS_ADMIN.
 */
int xs_trace_of(__u32 prog_id, struct xs_owner *tracer);

/*
 * The program that belongs into the link: the one that runs there, `prog_id`, or the pinned
 * one if that traces. Silent. Needs CAP_SYS_ADMIN.
 */
__u32 xs_trace_plain_id(const struct xs_pins *pins, __u32 prog_id);

/*
 * If a tracer that is dead has left its program in the link, puts the pinned one back. The
 * caller holds the instance's lock and has opened it for writing. Logs what it did, and a
 * failure: the program that is there works all the same.
 */
void xs_trace_settle(const struct xs_pins *pins);

#endif
