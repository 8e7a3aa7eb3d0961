/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One queue of a broker on an interface: its AF_XDP socket, its engine, and the thread
 * that moves frames between them.
 */
#ifndef XS_CHAIN_WORKER_H
#define XS_CHAIN_WORKER_H

#include <pthread.h>

#include "engine.h"
#include "lib/xsk/xsk.h"

#define XS_WORKER_FRAME 2048 /* bytes: 256 for the kernel, 1792 for the packet */
#define XS_WORKER_BATCH 64

struct xs_worker_config {
	struct xsteer_ctx *ctx; /* for messages while it is made; no other thread's */
	const struct xs_chains *chains;
	__u32 chain; /* that the queue's frames enter */
	const char *ifname;
	__u32 ifindex, queue;
	enum xs_xsk_mode want;
	bool no_zero_copy;
	__u32 frames;
};

enum xs_worker_phase { XS_WORKER_serve, XS_WORKER_finish, XS_WORKER_end };

struct xs_worker {
	__u32 queue, chain;
	struct xs_memory memory;
	struct xs_xsk xsk;
	struct xs_engine *engine;
	pthread_t thread;
	bool running;
	__u32 phase; /* enum xs_worker_phase; set by the main thread */
	int err; /* of sending, told by the main thread; 0 */
	__u64 received;
	struct xdp_desc out[XS_WORKER_BATCH];
	__u32 out_cnt;
};

/* Memory, socket, engine. 0 or -errno, logged; what was made is for xs_worker_free(). */
int xs_worker_make(struct xs_worker *w, const struct xs_worker_config *config);
/* Begins to serve. 0 or -errno. */
int xs_worker_start(struct xs_worker *w);
/* serve: as always; finish: nothing enters any more; end: returns, and is waited for. */
void xs_worker_set_phase(struct xs_worker *w, enum xs_worker_phase phase);
void xs_worker_free(struct xs_worker *w);

/* Frames that are in the engine or being sent. Takes the lock. */
__u32 xs_worker_busy(struct xs_worker *w);
/* Whether the frames of socket and engine add up. Only while the thread does not run. */
bool xs_worker_balanced(struct xs_worker *w);

#endif
