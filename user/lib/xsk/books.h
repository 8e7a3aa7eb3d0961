/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a socket's account says besides the state of each frame, so that another process can go
 * on after this one was killed at any instruction: the step that was being done, the counters,
 * and the packets in the hands of the process.
 *
 * A step moves frames between two places. What it is about to do is written first. A ring's
 * index is what makes it done: before it is stored, the step can be undone; after it, the rest
 * of the step can be done again (recover.c). So one line is written for a batch, in memory that
 * nobody else uses meanwhile. Only the compiler could change the order of the stores, since the
 * kernel ends a process between two instructions.
 */
#ifndef XS_XSK_BOOKS_H
#define XS_XSK_BOOKS_H

#include "xsk.h"

enum xs_books_op {
	XS_BOOKS_none, /* every frame is where its state says */
	XS_BOOKS_refill,
	XS_BOOKS_receive,
	XS_BOOKS_bounce,
	XS_BOOKS_send,
	XS_BOOKS_drop,
	XS_BOOKS_abandon,
	XS_BOOKS_discard,
	XS_BOOKS_reap,
	XS_BOOKS_MAX
};

struct xs_books_step {
	__u32 op; /* enum xs_books_op */
	__u32 n; /* frames */
	__u32 from; /* where they are: index of the ring, or of descs */
	__u32 to; /* where they go: likewise */
	__u32 moved; /* of n, those whose frames were ours to get */
	__u32 free; /* frames on the stack before */
	/* Counters after the step; for XS_BOOKS_drop and _abandon, before it. */
	__u64 packets, bytes, unowned;
	__u64 pad[2];
};

#define XS_BOOKS_DESCS (XS_XSK_BATCH_MAX + 2 * XS_XSK_FRAGS_MAX)

struct xs_xsk_books {
	struct xs_books_step step;
	struct xs_xsk_counters counters;
	__u64 pad;
	/*
	 * Packets that the process holds: those of descs[0..held-1] whose frames are in state rx.
	 * Written by who handles them. Twice the number of descs whose packets need no change any
	 * more, plus one while the next packet is being changed.
	 */
	__u32 held;
	__u32 progress;
	__u32 skipping; /* the packet that is arriving is to be thrown away */
	__u32 pad2;
	struct xdp_desc descs[XS_BOOKS_DESCS];
};

/* NULL if the address lies outside the UMEM. Never use it as an index unchecked. */
static inline struct xs_umem_frame *xs_frame_of(struct xs_xsk *x, __u64 addr)
{
	if (xsk_umem__extract_addr(addr) >= (__u64)x->frame_cnt * x->frame_size)
		return NULL;
	return xs_xsk_frame(x, addr);
}

/* Nothing is stored later than what stands behind this, nor earlier. */
#define xs_books_barrier() asm volatile("" ::: "memory")

/* Index of descs in the books; XS_BOOKS_DESCS: they lie elsewhere, and die with the process. */
static inline __u32 xs_books_place(const struct xs_xsk *x, const struct xdp_desc *descs)
{
	size_t bytes = (size_t)((const char *)descs - (const char *)x->books->descs);

	return bytes < sizeof(x->books->descs) ? bytes / sizeof(*descs) : XS_BOOKS_DESCS;
}

static inline struct xs_books_step *xs_books_begin(struct xs_xsk *x, enum xs_books_op op, __u32 n,
						   __u32 from, __u32 to)
{
	struct xs_books_step *step = &x->books->step;

	step->n = n;
	step->from = from;
	step->to = to;
	step->free = x->free_cnt;
	xs_books_barrier();
	step->op = op;
	xs_books_barrier();
	return step;
}

static inline void xs_books_end(struct xs_xsk *x)
{
	xs_books_barrier();
	x->books->step.op = XS_BOOKS_none;
	xs_books_barrier();
}

/* Other threads read the counters; one thread writes them. */
#define xs_books_set(x, counter, value) \
	do { \
		__u64 value_ = (value); \
\
		(x)->books->counters.counter = value_; \
		__atomic_store_n(&(x)->counters.counter, value_, __ATOMIC_RELAXED); \
	} while (0)
#define xs_books_count(x, counter, n) xs_books_set(x, counter, (x)->counters.counter + (n))

#endif
