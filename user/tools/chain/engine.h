/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The core of the broker for one queue: which NF holds which frame, where each frame
 * goes next, and what happened to all of them. Knows no interface and no AF_XDP socket:
 * the caller hands frames in, and gets each back once, with its end.
 *
 *             xs_engine_enter                    xs_port_give
 *   caller ---------------------> [ a step ] ---------------------> an NF
 *     ^                             |  ^  |  no room, nobody there    |
 *     |  done(tx or drop)           |  |  `-----> waiting ----.       |
 *     `-----------------------------+  +----------------------+       |
 *                                      `-----------------------------+
 *                                        next, exit: checked against `held`
 *
 * The caller of these functions, and any reader of the counters, must hold `lock`.
 */
#ifndef XS_CHAIN_ENGINE_H
#define XS_CHAIN_ENGINE_H

#include <poll.h>
#include <pthread.h>

#include "flow.h"
#include "port.h"
#include "trace.h"
#include "tools/cli/latency.h"

#define XS_BUCKETS 256 /* of a service: flows move in these units */
#define XS_PORTS_MAX 1024
#define XS_EXPECT_AHEAD 8 /* frames: what a CPU can load side by side */

/* The ends of a frame's way through a chain, besides tx and drop. */
#define XS_LOSSES(X) \
	X(full) /* the instance had no room, and the chain file says drop */ \
	X(dead) /* nobody offered the service */ \
	X(died) /* its NF was gone before it came back */ \
	X(unbound) /* it left by an exit that leads nowhere */ \
	X(multi) /* it has several frames, and the instance takes packets of one only */

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
	__u64 bypassed; /* went on without being given to an NF */
	__u64 survived; /* read-only: went on although its NF died */
	/*
	 * Between giving and taking back. Both moments are the beginning of the turn in which that
	 * happened: so a turn reads the clock once, and each is early by at most one turn.
	 */
	__u64 ns_total;
	struct xs_latency latency;
	__u32 held; /* with NFs now */
	__u32 waiting; /* now: for room, or for an NF that offers the service */
};

struct xs_chain_count {
	__u64 entered, tx, drop;
	__u64 lost[XS_LOSS_MAX];
	__u32 inside; /* now */
	__u32 waiting; /* of these, at any step */
	__u32 frames; /* that these have: one or more each */
	struct {
		__u64 seen, missed, multi;
	} taps[XS_CHAIN_TAPS_MAX];
};

enum xs_held_state {
	XS_HELD_outside, /* with the caller */
	XS_HELD_port, /* with an NF */
	XS_HELD_waiting,
	XS_HELD_rest, /* a further frame of a packet: it is where the first one is */
};

/*
 * What the broker knows about a frame. No NF can read or write it. A packet is its first frame;
 * of the further ones only state, off, len and rest mean something.
 */
struct xs_held {
	__u8 state; /* enum xs_held_state */
	__u8 chain, step, bucket;
	__u16 port; /* index of the port, in state port */
	__u16 mark;
	__u16 off, len; /* of this frame's part */
	__u32 rest; /* the packet's next frame, if there is one more */
	__u32 hashes[XS_STICKY_MAX]; /* of the packet as it entered */
	__u32 next; /* waiting: the next one in the queue */
	__u32 traced; /* for xs_trace_add(); 0: it is not traced */
	__u32 more; /* further frames of the packet */
	__u64 since_ns; /* when it got into this state */
	__u64 tag; /* the caller's */
} __attribute__((aligned(64))); /* one cache line */

struct xs_balance {
	__s16 port[XS_BUCKETS]; /* the port that gets its frames; -1: none */
	__s16 want[XS_BUCKETS]; /* the port that will get them once no frame of it is under way */
	__u16 inside[XS_BUCKETS];
	__u64 since_ns; /* when `want` changed */
	bool moving;
	struct xs_waiting waiting; /* for an NF that offers the service */
};

/* Frames taken back one after another, which were given in one turn: they are counted at once. */
struct xs_stay {
	struct xs_hop *hop;
	__u64 since_ns;
	__u32 cnt;
};

struct xs_engine {
	pthread_mutex_t lock;
	const struct xs_chains *chains;
	unsigned char *frames;
	__u32 frame_cnt, frame_size, headroom;
	struct xs_held *held;
	struct xs_port *ports[XS_PORTS_MAX]; /* NULL: none */
	__u32 port_end; /* one more than the last one in use */
	struct xs_balance balance[XS_SERVICES_MAX];
	struct xs_hop hops[XS_CHAINS_MAX][XS_CHAIN_STEPS_MAX];
	struct xs_stay stay;
	struct xs_trace *trace; /* NULL: nobody has asked for one yet */
	struct xs_chain_count count[XS_CHAINS_MAX];
	__u64 lost_before[XS_CHAINS_MAX][XS_LOSS_MAX]; /* at steps that are in no chain any more */
	bool paused; /* nothing enters: xs_engine_room() is 0 */
	__u64 copies; /* of whole frames */
	__u64 bad; /* descriptors that no honest NF writes */
	__u64 reorder_risk; /* buckets that were moved while frames were under way */
	__u64 now_ns;
	/* Called when a frame has come to its end: XS_TO_tx, or XS_TO_drop for all other ends. */
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

/*
 * How many frames the chain can take now. The last packet may have more, since nobody knows its
 * frames before.
 */
__u32 xs_engine_room(const struct xs_engine *e, __u32 chain);

/* Sets the time for frames that enter before the next turn. */
static inline void xs_engine_set_now(struct xs_engine *e, __u64 now_ns)
{
	e->now_ns = now_ns;
}

/*
 * Says that the frame enters soon: some XS_EXPECT_AHEAD frames later is about right. Then the CPU
 * has it by then, as nobody has read its headers yet.
 */
static inline void xs_engine_expect(const struct xs_engine *e, __u32 frame, __u16 off)
{
	__builtin_prefetch(e->frames + (__u64)frame * e->frame_size + off);
	__builtin_prefetch(&e->held[frame], 1);
}

/* Hands in a frame of the caller's. done() may be called before this returns. */
void xs_engine_enter(struct xs_engine *e, __u32 chain, __u32 frame, __u16 off, __u16 len,
		     __u64 tag);

#define XS_PARTS_MAX XSNF_PARTS_MAX

/* One frame of a packet. */
struct xs_part {
	__u32 frame;
	__u16 off, len;
};

/*
 * The same for a packet of 1 to XS_PARTS_MAX frames. done() gets the first one; the others are
 * back with it, see xs_engine_parts().
 */
void xs_engine_enter_parts(struct xs_engine *e, __u32 chain, const struct xs_part *parts, __u32 cnt,
			   __u64 tag);
/* Lists the frames of the packet as they are now. Returns how many, at most XS_PARTS_MAX. */
__u32 xs_engine_parts(const struct xs_engine *e, __u32 frame, struct xs_part *parts);

/*
 * One turn: takes what NFs returned, sends each frame on its way, moves buckets,
 * publishes to the NFs what they were given. Returns how many frames moved. Does not
 * block.
 */
__u32 xs_engine_turn(struct xs_engine *e, __u64 now_ns);

/* Wakes NFs that have something to do. Call it if nothing moved, and the broker does not sleep. */
void xs_engine_announce(struct xs_engine *e);
/*
 * Announces that the broker sleeps or is awake; before it sleeps, wakes NFs that have something
 * to do. False: do not sleep, something came meanwhile.
 */
bool xs_engine_set_asleep(struct xs_engine *e, bool asleep);
/* Fills in what NFs wake the broker by, for poll(), up to `max`. Returns how many. */
nfds_t xs_engine_list_wakes(const struct xs_engine *e, struct pollfd *fds, nfds_t max);
/*
 * After poll(): reads the bytes from those that have some. Ports may have come and gone
 * since they were listed; then some are left, and wake the broker again. Does not block.
 */
void xs_engine_read_wakes(struct xs_engine *e, const struct pollfd *fds, nfds_t cnt);

/*
 * Puts another version in force, which xs_chains_merge() made of the one in force; nothing
 * may be inside. Hops keep their counts by service. `chains` is borrowed.
 */
void xs_engine_apply(struct xs_engine *e, const struct xs_chains *chains);

/* ---- engine_ports.c ---- */

/* Takes over the port; flows begin to move to it. 0; -ENOSPC: there are too many. */
int xs_engine_add_port(struct xs_engine *e, struct xs_port *port);
/* The port gets no new flows; those that it has move away. */
void xs_engine_drain_port(struct xs_engine *e, struct xs_port *port);
/* Whether the port will get no more frames: it has no flow, and no flow waits for it. */
bool xs_engine_port_is_unused(const struct xs_engine *e, const struct xs_port *port);
/*
 * From now on gives the port nothing and takes nothing from it. What it holds stays
 * where it is, since the NF may still write there.
 */
void xs_engine_close_port(struct xs_engine *e, struct xs_port *port);
/* Takes what the NF has published so far, in the turn or between two, unless it was closed. */
void xs_engine_take_back(struct xs_engine *e, struct xs_port *port);
/*
 * Call it when the NF is certainly gone. Takes what it had published, unless the port
 * was closed; the rest counts as `died`. Frees the port.
 */
void xs_engine_reap_port(struct xs_engine *e, struct xs_port *port);

/*
 * Traces the next `frames` frames that enter the chain (-1: any), at most XS_TRACED_MAX, in place of those that
 * are traced now. 0 or -ENOMEM.
 */
int xs_engine_trace(struct xs_engine *e, __u32 frames, int chain);

/* ---- the account ---- */

/*
 * Whether everything adds up: each hop, each chain, each frame in one state. If not,
 * writes the first mismatch to `why`.
 */
bool xs_engine_balanced(const struct xs_engine *e, char *why, size_t why_bytes);

/* Number of frames in all chains, all those of a packet. */
__u32 xs_engine_inside(const struct xs_engine *e);

/* ---- balance.c ---- */

/* Spreads the service's buckets evenly over its ports, and moves as few as possible. */
void xs_balance_spread(struct xs_engine *e, __u32 service);
/* Moves the buckets that can be moved now. True: the service is now offered, and was not before. */
bool xs_balance_progress(struct xs_engine *e, __u32 service);

#endif
