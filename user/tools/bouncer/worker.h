/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One thread for each queue: RX -> action -> TX. Each worker owns its socket, rings,
 * UMEM and counters; other threads read them by relaxed loads.
 */
#ifndef XS_BOUNCER_WORKER_H
#define XS_BOUNCER_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>

#include "tools/cli/latency.h"
#include "lib/base/ctx.h"
#include "lib/xsk/xsk.h"
#include "tools/cli/notify.h"

enum xs_phase {
	XS_PHASE_run,
	XS_PHASE_drain, /* bounce what has arrived, then stop */
	XS_PHASE_discard, /* throw away what has arrived, then stop */
	XS_PHASE_stand, /* touch nothing until the next phase */
	XS_PHASE_leave, /* touch nothing, and stop: another process goes on */
};

struct xs_bouncer;

struct xs_worker {
	struct xsteer_ctx *ctx; /* used by its thread only */
	struct xs_bouncer *bouncer;
	__u32 queue;
	int cpu; /* -1: any */
	struct xs_xsk xsk;
	struct xs_latency latency;
	pthread_t thread;
	bool started;
	int wake_fd; /* eventfd: ends poll() */
	/* Written by the worker, read by any thread. */
	struct xs_turns turns; /* at least one a second, also while nothing comes */
	__u64 stalls; /* TX that did not move until it was forced */
	__u64 sleeps;
	bool stands; /* it touches nothing */
	int err; /* why it ended early; 0: it did not */
	bool done;
	struct xdp_statistics kernel_then; /* when the socket was given away; by the main thread */
	/* Used by the worker only; while it stands still, by the main thread. */
	bool net_down;
	__u32 unbound; /* how often in a row the kernel reported that */
	bool busy; /* polls the NIC in its system calls */
	bool busy_later; /* will poll, but its NAPI is not known yet */
	struct xs_tx_watch tx;
	__u64 active_ns; /* when it last had work */
};

int xs_worker_start(struct xs_worker *worker); /* 0 or -errno, logged */
void xs_worker_wake(struct xs_worker *worker);

#endif
