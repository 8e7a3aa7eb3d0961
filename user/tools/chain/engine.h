/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The broker's core for one queue: which NF holds which frame, where each goes next, and
 * what became of all of them. It knows no interface and no socket of AF_XDP: whoever uses
 * it hands frames in, and gets each back once, with its end.
 *
 *             xs_engine_enter                    xs_port_give
 *   caller ---------------------> [ a step ] ---------------------> an NF
 *     ^                             |  ^  |  no room, nobody there    |
 *     |  done(tx or drop)           |  |  `-----> waiting ----.       |
 *     `-----------------------------+  +----------------------+       |
 *                                      `-----------------------------+
 *                                        next, exit: checked against `held`
 *
 * Whoever calls these functions, or looks at the counters, holds `lock`.
 */
#ifndef XS_CHAIN_ENGINE_H
#define XS_CHAIN_ENGINE_H

#include <pthread.h>

#include "flow.h"
#include "port.h"

#define XS_BUCKETS 256 /* of a service: flows move in these units */
#define XS_PORTS_MAX 1024

/* Where a frame's way through a chain may end, beside tx and drop. */
#define XS_LOSSES(X) \
	X(full) /* the instance had no room, and the chain file says drop */ \
	X(dead) /* nobody offered the service */ \
	X(died) /* its NF was gone before it came back */ \
	X(unbound) /* it left by an exit that leads nowhere */

#define X(name) XS_LOSS_##name,
enum xs_loss { XS_LOSSES(X) XS_LOSS_MAX };
#undef X
extern const char *const xs_loss_names[XS_LOSS_MAX];

/* One step of one chain. */
struct xs_hop {
	__u64 in; /* given to an NF */
	__u64 next, tx, drop; /* its verdicts */
	__u64 exits[XS_SERVICE_EXITS_MAX]; /* by the exit's index in the service */
	__u64 lost[XS_LOSS_MAX];
	__u64 bypassed; /* went on without having been given */
	__u64 survived; /* read-only: went on although its NF died */
	__u64 ns_total, ns_max; /* between giving and taking back */
	__u32 held; /* with NFs now */
	__u32 waiting; /* for room, or for somebody who offers the service, now */
};

struct xs_chain_count {
	__u64 entered, tx, drop;
	__u64 lost[XS_LOSS_MAX];
	__u32 inside; /* now */
	__u32 waiting; /* of these, anywhere in it */
	struct {
		__u64 seen, missed;
	} taps[XS_CHAIN_TAPS_MAX];
};

enum xs_held_state {
	XS_HELD_outside, /* with the caller */
	XS_HELD_port, /* with an NF */
	XS_HELD_waiting,
};

/* What is known of a frame; no NF can read or write it. */
struct xs_held {
	__u8 state; /* enum xs_held_state */
	__u8 chain, step, bucket;
	__u16 port; /* index, in state port */
	__u16 mark;
	__u16 off, len;
	__u32 hashes[XS_STICKY_MAX]; /* of the frame as it entered */
	__u32 next; /* waiting: behind it */
	__u64 since_ns; /* in this state */
	__u64 tag; /* the caller's */
};

struct xs_balance {
	__s16 port[XS_BUCKETS]; /* who gets its frames; -1: nobody */
	__s16 want[XS_BUCKETS]; /* who shall, once none of its frames is under way */
	__u16 inside[XS_BUCKETS];
	__u64 since_ns; /* when `want` changed */
	bool moving;
	struct xs_waiting waiting; /* for somebody who offers the service */
};

struct xs_engine {
	pthread_mutex_t lock;
	const struct xs_chains *chains;
	unsigned char *frames;
	__u32 frame_cnt, frame_size, headroom;
	struct xs_held *held;
	struct xs_port *ports[XS_PORTS_MAX]; /* NULL: none */
	__u32 port_end; /* behind the last one */
	struct xs_balance balance[XS_SERVICES_MAX];
	struct xs_hop hops[XS_CHAINS_MAX][XS_CHAIN_STEPS_MAX];
	struct xs_chain_count count[XS_CHAINS_MAX];
	__u64 copies; /* of whole frames */
	__u64 bad; /* descriptors that no honest NF writes */
	__u64 reorder_risk; /* buckets that were moved with frames under way */
	__u64 now_ns;
	/* A frame has come to its end: XS_TO_tx, or XS_TO_drop for all others. */
	void (*done)(void *arg, __u32 frame, const struct xs_held *held, int end);
	void *arg;
};

struct xs_engine_config {
	const struct xs_chains *chains; /* borrowed */
	unsigned char *frames; /* frame_cnt * frame_size bytes, borrowed */
	__u32 frame_cnt, frame_size, headroom;
	void (*done)(void *arg, __u32 frame, const struct xs_held *held, int end);
	void *arg;
};

/* 0 or -ENOMEM. */
int xs_engine_make(struct xs_engine **engine, const struct xs_engine_config *config);
void xs_engine_free(struct xs_engine *engine); /* its ports, too */

/* How many frames the chain takes now. */
__u32 xs_engine_room(const struct xs_engine *e, __u32 chain);

/* What the time is, for what enters before the next turn. */
static inline void xs_engine_set_now(struct xs_engine *e, __u64 now_ns)
{
	e->now_ns = now_ns;
}

/* Hands in a frame that is the caller's; `done` may be called before this returns. */
void xs_engine_enter(struct xs_engine *e, __u32 chain, __u32 frame, __u16 off, __u16 len,
		     __u64 tag);

/*
 * One turn: takes what NFs returned, sends each frame on its way, moves buckets, lets NFs
 * see what they were given. How many frames moved. Does not block.
 */
__u32 xs_engine_turn(struct xs_engine *e, __u64 now_ns);

/* Says that the broker sleeps (false: something came meanwhile, do not), or is awake. */
bool xs_engine_set_asleep(struct xs_engine *e, bool asleep);

/* ---- ports ---- */

/* Takes the port over; flows begin to move to it. -ENOSPC: too many. */
int xs_engine_add_port(struct xs_engine *e, struct xs_port *port);
/* No new flows; those that it has move away. */
void xs_engine_drain_port(struct xs_engine *e, struct xs_port *port);
/* Whether it will get no more frames: no flow is its, and none waits for it. */
bool xs_engine_port_is_unused(const struct xs_engine *e, const struct xs_port *port);
/*
 * Gives it nothing any more and takes nothing from it: what it holds stays where it is,
 * since the NF may still write there.
 */
void xs_engine_close_port(struct xs_engine *e, struct xs_port *port);
/*
 * The NF is gone for sure: takes what it had published, unless the port was closed; the rest
 * has `died`. Frees the port.
 */
void xs_engine_reap_port(struct xs_engine *e, struct xs_port *port);

/* ---- the account ---- */

/*
 * Whether everything adds up: each hop, each chain, each frame in one state. Otherwise the
 * first thing that does not is put into words.
 */
bool xs_engine_balanced(const struct xs_engine *e, char *why, size_t why_bytes);

/* Frames in chains, over all of them. */
__u32 xs_engine_inside(const struct xs_engine *e);

/* ---- balance.c ---- */

/* Spreads the service's buckets evenly over its ports, moving as few as possible. */
void xs_balance_spread(struct xs_engine *e, __u32 service);
/* Moves what can be moved now. True if somebody offers the service since. */
bool xs_balance_progress(struct xs_engine *e, __u32 service);

#endif
