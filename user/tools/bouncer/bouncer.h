/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A bouncer: its options, who sends frames to it, and its workers.
 *
 *   opts.c    the command line
 *   steer.c   instance, object or map: who sends frames to the sockets
 *   object.c  -f: a program of the user's own
 *   uds.c     --uds: a map from a device plugin
 *   worker.c  one thread for each queue: RX -> action -> TX
 *   forward.c received packets changed, sent or dropped; and those of a killed worker
 *   action.c  what is done to a packet on its way
 *   totals.c  the counters of all workers; losses by name
 *   stats.c   reports: text and JSON
 *   audit.c   where every frame is at the end
 *   out.c     prints, to a reader who may be slow
 *   busy.c    --busy-poll: the interface's side of it
 *   watch.c   the interface: up, down, gone; who else has sockets
 *   prepare.c what is decided before anything is opened
 *   sockets.c a socket for each worker, in its slot
 *   hand.c    what a bouncer and its successor say to each other
 *   give.c    the running one: listens, offers, stops, gives
 *   take.c    the successor: asks, maps, goes on
 *   dead.c    the successor of one that was killed
 *   keeper.c  --keeper: the parent, which starts a worker after another
 *   keep.c    what a worker tells its keeper
 *   store.c   the same for a service manager that keeps descriptors
 *   events.c  signals, timers, the link and the workers, as they come
 *   bouncer.c set-up in order, and shutdown
 *
 * Threads: each worker owns its socket, rings, UMEM and counters. One thread writes
 * what is printed and logged; it is the only one that waits for the reader. The main
 * thread owns everything else, and reads counters by relaxed loads.
 */
#ifndef XS_BOUNCER_H
#define XS_BOUNCER_H

#include <stdbool.h>
#include <linux/types.h>

#include "busy.h"
#include "give.h"
#include "lib/base/memory.h"
#include "lib/net/netif.h"
#include "lib/xsk/xsk.h"
#include "opts.h"
#include "steer.h"
#include "take.h"
#include "tools/cli/cli.h"
#include "tools/cli/notify.h"
#include "worker.h"

struct xs_bouncer {
	struct xs_cli *cli;
	struct xs_bouncer_opts opts;
	struct xs_netif netif;
	struct xs_steer steer;
	struct xs_busy busy;
	struct xs_out *out;
	struct xs_notify notify; /* a service manager, if there is one */
	struct xs_give give;
	struct xs_take take;
	struct xs_memory store; /* what a service manager keeps; zeroed: nothing */
	int keeper_fd; /* -1: nobody goes on if this process is killed */
	bool given; /* sockets and slots are another bouncer's: still, or from now on */
	struct xs_worker *workers;
	__u32 worker_cnt;
	int done_fd; /* eventfd: a worker has something to say, or printing failed */
	/* Shared with the workers, by atomics. */
	enum xs_phase phase;
	bool link_up;
	bool frame_size_said; /* set by an option */
	__u64 claimed; /* packets of the limit that workers have reserved */
	__u64 received; /* of those, actually received */
	/* Used by the main thread only. */
	__u64 start_ns, last_ns;
	struct xs_xsk_counters first; /* what a bouncer before this one had counted */
	struct xs_xsk_counters last; /* at the end of the last interval */
	__u64 lost_reports; /* reports that nobody read in time */
	const char *why; /* the reason for stopping */
};

#endif
