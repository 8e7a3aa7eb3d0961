/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One queue of a broker on an interface: its AF_XDP sockets, its engine, and the thread
 * that moves frames between them. The first chain has the socket that also sends and
 * fills. Each other chain has a socket with only an RX ring. So a chain that reads too
 * slowly loses only its own frames.
 */
#ifndef XS_CHAIN_WORKER_H
#define XS_CHAIN_WORKER_H

#include <pthread.h>

#include "engine.h"
#include "lib/xsk/xsk.h"
#include "tools/cli/notify.h"

/*
 * Frames in one turn, and packets in one sendto(): as the bouncer has them. At 64, each
 * system call and each wake-up of an NF is paid by an eighth of the frames.
 */
#define XS_WORKER_BATCH 512

/* What a thread does while nothing comes. */
enum xs_worker_wait {
	XS_WORKER_poll, /* sleeps */
	XS_WORKER_spin,
	XS_WORKER_adaptive, /* spins for a moment, then sleeps */
};

struct xs_worker_config {
	struct xsteer_ctx *ctx; /* for messages while it is made; no other thread uses it */
	const struct xs_chains *chains; /* borrowed */
	__u32 first; /* the chain of the queue's main socket */
	__u32 rx_ring; /* entries of each RX ring, a power of two; 0: as many as frames */
	const char *ifname;
	__u32 ifindex, queue;
	enum xs_xsk_mode want;
	bool no_zero_copy;
	bool sg; /* packets of several frames, if the kernel can: see xs_xsk.sg */
	__u32 frames;
	__u32 frame_size; /* bytes, a power of two: XS_XSK_FRAME_MIN to _MAX */
	enum xs_worker_wait wait;
	bool huge; /* huge pages for the frames; small ones if there are none */
	int numa_node; /* where the frames should be; -1: anywhere */
};

enum xs_worker_phase { XS_WORKER_serve, XS_WORKER_finish, XS_WORKER_end };

/* Where the frames of one chain enter. */
struct xs_entry {
	__u32 chain;
	struct xs_xsk_shared shared; /* fd -1: use the worker's main socket */
	__u64 received;
	__u64 too_long; /* of these: more frames than can be sent, so they were dropped */
	/* A packet whose last frame has not come yet. More than XS_PARTS_MAX: it is too long. */
	struct xs_part parts[XS_PARTS_MAX];
	__u32 part_cnt;
	__u64 unread; /* frames that were in its RX ring at the end */
};

struct xs_worker {
	__u32 queue;
	struct xs_memory memory;
	bool huge; /* effective */
	enum xs_worker_wait wait;
	__u64 active_ns; /* when frames last moved */
	struct xs_xsk xsk;
	struct xs_tx_watch tx;
	struct xs_engine *engine;
	pthread_t thread;
	bool running;
	__u32 phase; /* enum xs_worker_phase; set by the main thread */
	struct xs_turns turns; /* at least ten a second, also while nothing comes */
	int err; /* of sending, reported by the main thread; 0: none */
	struct xs_entry entries[XS_CHAIN_SLOTS]; /* [0]: that of the main socket */
	__u32 entry_cnt;
	struct xdp_desc out[XS_WORKER_BATCH];
	__u32 out_cnt; /* of those that have left the engine, and wait for the TX ring */
};

/*
 * Makes memory, sockets and engine, for at most XS_CHAIN_SLOTS chains. 0 or -errno, logged.
 * Call xs_worker_free() also after a failure.
 */
int xs_worker_make(struct xs_worker *w, const struct xs_worker_config *config);
/* Starts the thread. 0 or -errno. */
int xs_worker_start(struct xs_worker *w);
/* serve: normal work; finish: no new frame enters; end: the thread returns and is waited for. */
void xs_worker_set_phase(struct xs_worker *w, enum xs_worker_phase phase);
void xs_worker_free(struct xs_worker *w);

/* The entry's socket. */
int xs_worker_fd(const struct xs_worker *w, const struct xs_entry *entry);
/*
 * Empties the RX rings, and counts what was in them. Call it only while the thread is
 * not running.
 */
void xs_worker_discard(struct xs_worker *w);

/* Number of frames that are in the engine, or wait to be sent, or are being sent. Takes the lock. */
__u32 xs_worker_busy(struct xs_worker *w);
/* Whether the frames of socket and engine add up. Call it only while the thread is not running. */
bool xs_worker_balanced(struct xs_worker *w);

#endif
