// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Goes on with a socket whose process was killed at any instruction; see pass.h. Ends or undoes
 * the step that it was doing (books.h); then the state of each frame is right, and rings and
 * states together say in which place each one is. Whoever does this may be killed, too, and the
 * next one does it again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "books.h"
#include "pass.h"
#include "steps.h"

#define LOOKS 100 /* the kernel moves frames meanwhile: one may be seen in both of its places */
#define LOOK_AGAIN_NS 1000000

/* ---- the step that was being done ---- */

static bool is_in(__u32 first, __u32 n, __u32 size)
{
	return first <= size && n <= size - first;
}

/* Whether the step leads to no place outside. */
static bool step_is_sound(const struct xs_xsk *x, const struct xs_books_step *step)
{
	switch (step->op) {
	case XS_BOOKS_none:
		return true;
	case XS_BOOKS_refill:
		return step->free <= x->frame_cnt && step->n <= step->free &&
		       step->n <= x->fill.size;
	case XS_BOOKS_receive:
		return step->n <= x->rx.size && step->to < XS_BOOKS_DESCS &&
		       (*x->rx.consumer == step->from ||
			is_in(step->to, step->moved, XS_BOOKS_DESCS));
	case XS_BOOKS_bounce:
		return step->n <= x->rx.size &&
		       (*x->rx.consumer == step->from || step->moved <= step->n);
	case XS_BOOKS_discard:
		return step->n <= x->rx.size;
	case XS_BOOKS_send:
		return step->n <= x->tx.size && is_in(step->from, step->n, XS_BOOKS_DESCS);
	case XS_BOOKS_drop:
	case XS_BOOKS_abandon:
		return is_in(step->from, step->n, XS_BOOKS_DESCS) &&
		       is_in(step->free, step->n, x->frame_cnt);
	case XS_BOOKS_reap:
		return step->n <= x->comp.size;
	default:
		return false;
	}
}

static void undo(struct xs_xsk *x, __u64 addr, enum xs_frame_state done, enum xs_frame_state before)
{
	struct xs_umem_frame *frame = xs_frame_of(x, addr);

	if (frame && frame->state == done)
		frame->state = before;
}

static bool undo_refill(struct xs_xsk *x, const struct xs_books_step *step)
{
	bool done = *x->fill.producer == step->to + step->n;

	for (__u32 i = 0; i < step->n; i++) {
		__u32 frame = x->free_stack[step->free - 1 - i];

		if (frame >= x->frame_cnt)
			return false;
		x->frames[frame].state = done ? XS_FRAME_fill : XS_FRAME_free;
	}
	return true;
}

/* True: the RX ring's index was stored, and what follows has to be done. */
static bool was_received(struct xs_xsk *x, const struct xs_books_step *step,
			 enum xs_frame_state state)
{
	if (*x->rx.consumer != step->from)
		return true;
	for (__u32 i = 0; i < step->n; i++)
		undo(x, xsk_ring_cons__rx_desc(&x->rx, step->from + i)->addr, state, XS_FRAME_fill);
	return false;
}

static void count_received(struct xs_xsk *x, const struct xs_books_step *step)
{
	xs_books_set(x, rx_packets, step->packets);
	xs_books_set(x, rx_bytes, step->bytes);
	xs_books_set(x, rx_unowned, step->unowned);
}

static void publish_tx(struct xs_xsk *x, const struct xs_books_step *step, __u32 n)
{
	if (*x->tx.producer == step->to)
		__atomic_store_n(x->tx.producer, step->to + n, __ATOMIC_RELEASE);
}

static bool end_receive(struct xs_xsk *x, const struct xs_books_step *step)
{
	if (was_received(x, step, XS_FRAME_rx)) {
		x->books->held = step->to + step->moved;
		count_received(x, step);
	}
	return true;
}

static bool end_bounce(struct xs_xsk *x, const struct xs_books_step *step)
{
	if (was_received(x, step, XS_FRAME_tx)) {
		publish_tx(x, step, step->moved);
		count_received(x, step);
	}
	return true;
}

static bool end_discard(struct xs_xsk *x, const struct xs_books_step *step)
{
	if (was_received(x, step, XS_FRAME_free)) {
		xs_books_set(x, discarded, step->packets);
		xs_books_set(x, rx_unowned, step->unowned);
	}
	return true;
}

static bool end_send(struct xs_xsk *x, const struct xs_books_step *step)
{
	for (__u32 i = 0; i < step->n; i++) {
		const struct xdp_desc *desc = &x->books->descs[step->from + i];
		struct xs_umem_frame *frame = xs_frame_of(x, desc->addr);

		if (!frame)
			return false;
		frame->state = XS_FRAME_tx;
		*xsk_ring_prod__tx_desc(&x->tx, step->to + i) = (struct xdp_desc){
			.addr = desc->addr,
			.len = frame->len,
			.options = frame->last ? 0 : XDP_PKT_CONTD,
		};
	}
	publish_tx(x, step, step->n);
	return true;
}

static bool end_drop(struct xs_xsk *x, const struct xs_books_step *step)
{
	__u32 whole = 0;

	for (__u32 i = 0; i < step->n; i++) {
		struct xs_umem_frame *frame = xs_frame_of(x, x->books->descs[step->from + i].addr);

		if (!frame)
			return false;
		whole += frame->last;
		frame->state = XS_FRAME_free;
	}
	if (step->op == XS_BOOKS_drop)
		xs_books_set(x, dropped, step->packets + whole);
	else
		xs_books_set(x, interrupted, step->packets + whole);
	return true;
}

static bool end_reap(struct xs_xsk *x, const struct xs_books_step *step)
{
	if (*x->comp.consumer == step->from) {
		for (__u32 i = 0; i < step->n; i++)
			undo(x, *xsk_ring_cons__comp_addr(&x->comp, step->from + i), XS_FRAME_free,
			     XS_FRAME_tx);
		return true;
	}
	xs_books_set(x, tx_packets, step->packets);
	xs_books_set(x, tx_bytes, step->bytes);
	xs_books_set(x, tx_unowned, step->unowned);
	return true;
}

static bool end_step(struct xs_xsk *x)
{
	static bool (*const ends[XS_BOOKS_MAX])(struct xs_xsk *, const struct xs_books_step *) = {
		[XS_BOOKS_refill] = undo_refill,  [XS_BOOKS_receive] = end_receive,
		[XS_BOOKS_bounce] = end_bounce,	  [XS_BOOKS_send] = end_send,
		[XS_BOOKS_drop] = end_drop,	  [XS_BOOKS_abandon] = end_drop,
		[XS_BOOKS_discard] = end_discard, [XS_BOOKS_reap] = end_reap,
	};
	const struct xs_books_step step = x->books->step;

	if (!step_is_sound(x, &step))
		return false;
	if (step.op != XS_BOOKS_none && !ends[step.op](x, &step))
		return false;
	xs_books_end(x);
	return true;
}

/* ---- where each frame is ---- */

/* The stack and the counts say nothing that the states do not. */
static bool sort_states(struct xs_xsk *x)
{
	__u32 *const counts[XS_FRAME_MAX] = { [XS_FRAME_free] = &x->free_cnt,
					      [XS_FRAME_fill] = &x->fill_cnt,
					      [XS_FRAME_rx] = &x->rx_cnt,
					      [XS_FRAME_tx] = &x->tx_cnt };

	x->free_cnt = x->fill_cnt = x->rx_cnt = x->tx_cnt = 0;
	for (__u32 i = 0; i < x->frame_cnt; i++) {
		if (x->frames[i].state >= XS_FRAME_MAX)
			return false;
		if (x->frames[i].state == XS_FRAME_free)
			x->free_stack[x->free_cnt] = i;
		(*counts[x->frames[i].state])++;
	}
	return true;
}

/* False: it is in another place as well, or its state says that it is not here. */
static bool find(struct xs_xsk *x, bool *seen, __u64 addr, enum xs_frame_state state, __u32 *cnt)
{
	struct xs_umem_frame *frame = xs_frame_of(x, addr);

	if (!frame || frame->state != state || seen[frame - x->frames])
		return false;
	seen[frame - x->frames] = true;
	(*cnt)++;
	return true;
}

/* The later place first: what the kernel moves meanwhile is seen in neither. */
static bool look_into_rings(struct xs_xsk *x, bool *seen, struct xs_xsk_places *at)
{
	__u32 i, end;

	end = __atomic_load_n(x->comp.producer, __ATOMIC_ACQUIRE);
	for (i = x->comp.cached_cons; i != end; i++)
		if (!find(x, seen, *xsk_ring_cons__comp_addr(&x->comp, i), XS_FRAME_tx,
			  &at->completed))
			return false;
	for (i = __atomic_load_n(x->tx.consumer, __ATOMIC_ACQUIRE); i != x->tx.cached_prod; i++)
		if (!find(x, seen, xsk_ring_prod__tx_desc(&x->tx, i)->addr, XS_FRAME_tx,
			  &at->tx_ring))
			return false;
	end = __atomic_load_n(x->rx.producer, __ATOMIC_ACQUIRE);
	for (i = x->rx.cached_cons; i != end; i++)
		if (!find(x, seen, xsk_ring_cons__rx_desc(&x->rx, i)->addr, XS_FRAME_fill,
			  &at->rx_ring))
			return false;
	for (i = __atomic_load_n(x->fill.consumer, __ATOMIC_ACQUIRE); i != x->fill.cached_prod; i++)
		if (!find(x, seen, *xsk_ring_prod__fill_addr(&x->fill, i), XS_FRAME_fill,
			  &at->fill_ring))
			return false;
	return true;
}

/* Frames in no ring: free, with the kernel, or in the hands of who was killed. */
static bool look_elsewhere(struct xs_xsk *x, bool *seen, struct xs_xsk_places *at)
{
	for (__u32 i = 0; i < x->books->held; i++) {
		struct xs_umem_frame *frame = xs_frame_of(x, x->books->descs[i].addr);

		if (frame && frame->state == XS_FRAME_rx && !seen[frame - x->frames]) {
			seen[frame - x->frames] = true;
			at->held++;
		}
	}
	at->free = x->free_cnt;
	at->kernel = x->fill_cnt - at->rx_ring - at->fill_ring;
	at->in_flight = x->tx_cnt - at->tx_ring - at->completed;
	return at->held == x->rx_cnt;
}

static int look(struct xs_xsk *x, struct xs_xsk_places *at)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_NS };
	bool *seen = malloc(x->frame_cnt), found = false;

	if (!seen)
		return -ENOMEM;
	for (int i = 0; !found && i < LOOKS; i++) {
		if (i)
			nanosleep(&pause, NULL);
		memset(seen, 0, x->frame_cnt);
		*at = (struct xs_xsk_places){ .total = x->frame_cnt };
		found = look_into_rings(x, seen, at) && look_elsewhere(x, seen, at);
	}
	free(seen);
	return found ? 0 : -EUCLEAN;
}

int xs_xsk_recover(struct xs_xsk *x, struct xs_xsk_places *places)
{
	x->counters = x->books->counters;
	if (!end_step(x) || x->books->held > XS_BOOKS_DESCS || !sort_states(x))
		return -EUCLEAN;
	xs_rings_go_on(x);
	return look(x, places);
}
