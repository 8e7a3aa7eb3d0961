// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The way of one frame: to a step, past taps, into a queue, to its end; see frame_way.h. */
#include <string.h>

#include "frame_way.h"

void xs_frame_trace(struct xs_engine *e, const struct xs_held *h, enum xs_trace_what what,
		    int value)
{
	if (h->traced)
		xs_trace_add(e->trace, h->traced, what, value,
			     e->chains->chains[h->chain].steps[h->step].service, e->now_ns);
}

/* ---- frames that wait ---- */

static void wait_last(struct xs_engine *e, struct xs_waiting *list, __u32 frame)
{
	struct xs_held *h = &e->held[frame];

	xs_frame_trace(e, h, XS_TRACE_waiting, 0);
	h->state = XS_HELD_waiting;
	h->since_ns = e->now_ns;
	h->next = XS_NO_FRAME;
	if (list->tail == XS_NO_FRAME)
		list->head = frame;
	else
		e->held[list->tail].next = frame;
	list->tail = frame;
	list->cnt++;
	e->hops[h->chain][h->step].waiting++;
	e->count[h->chain].waiting++;
}

__u32 xs_frame_unwait(struct xs_engine *e, struct xs_waiting *list)
{
	__u32 frame = list->head;
	struct xs_held *h = &e->held[frame];

	list->head = h->next;
	if (list->head == XS_NO_FRAME)
		list->tail = XS_NO_FRAME;
	list->cnt--;
	e->hops[h->chain][h->step].waiting--;
	e->count[h->chain].waiting--;
	return frame;
}

/* ---- ends ---- */

static __attribute__((noinline)) void release_rest(struct xs_engine *e, const struct xs_held *h)
{
	for (__u32 more = h->more, rest = h->rest; more--; rest = e->held[rest].rest)
		e->held[rest].state = XS_HELD_outside;
}

static inline void finish(struct xs_engine *e, __u32 frame, int end)
{
	struct xs_held *h = &e->held[frame];

	if (h->more)
		release_rest(e, h);
	h->state = XS_HELD_outside;
	e->count[h->chain].inside--;
	e->count[h->chain].frames -= 1 + h->more;
	e->done(e->arg, frame, h, end);
}

static void end_by_verdict(struct xs_engine *e, __u32 frame, int end)
{
	struct xs_chain_count *count = &e->count[e->held[frame].chain];

	xs_frame_trace(e, &e->held[frame], XS_TRACE_ended, end);
	if (end == XS_TO_tx)
		count->tx++;
	else
		count->drop++;
	finish(e, frame, end);
}

void xs_frame_lose(struct xs_engine *e, __u32 frame, enum xs_loss loss)
{
	const struct xs_held *h = &e->held[frame];

	xs_frame_trace(e, h, XS_TRACE_lost, (int)loss);
	e->hops[h->chain][h->step].lost[loss]++;
	e->count[h->chain].lost[loss]++;
	finish(e, frame, XS_TO_drop);
}

/* ---- giving ---- */

unsigned char *xs_frame_bytes(const struct xs_engine *e, __u32 frame)
{
	return e->frames + (__u64)frame * e->frame_size;
}

/* The index by which the NF knows the frame: that of a copy if it has memory of its own. */
static __u32 index_for(struct xs_engine *e, struct xs_port *port, __u32 frame)
{
	const struct xs_held *h = &e->held[frame];
	__u32 slot;

	if (!port->frames)
		return frame;
	slot = port->free_slots[--port->free_cnt];
	port->frame_of_slot[slot] = frame;
	memcpy(port->frames + (__u64)slot * e->frame_size + h->off,
	       xs_frame_bytes(e, frame) + h->off, h->len);
	e->copies++;
	return slot;
}

/* A frame of the packet that `h` is the first one of. */
static inline void give_one(struct xs_engine *e, struct xs_port *port, const struct xs_held *h,
			    __u32 frame, __u8 more)
{
	const struct xs_held *part = &e->held[frame];
	const struct xsnf_desc desc = {
		.frame = index_for(e, port, frame),
		.off = part->off,
		.len = part->len,
		.hash = h->hashes[XS_STICKY_flow],
		.verdict = more,
		.step = h->step,
		.mark = h->mark,
	};

	xs_port_give(port, &desc);
}

static __attribute__((noinline)) void give_rest(struct xs_engine *e, struct xs_port *port,
						__u32 frame)
{
	const struct xs_held *h = &e->held[frame];

	for (__u32 more = h->more; more--;) {
		frame = e->held[frame].rest;
		give_one(e, port, h, frame, more ? XSNF_DESC_MORE : 0);
	}
}

/* All frames of the packet, one behind the other: the port has room for them. */
static inline void give_all(struct xs_engine *e, struct xs_port *port, __u32 frame)
{
	const struct xs_held *h = &e->held[frame];

	give_one(e, port, h, frame, h->more ? XSNF_DESC_MORE : 0);
	if (h->more)
		give_rest(e, port, frame);
}

void xs_frame_give(struct xs_engine *e, struct xs_port *port, __u32 frame)
{
	struct xs_held *h = &e->held[frame];
	struct xs_hop *hop = &e->hops[h->chain][h->step];

	xs_frame_trace(e, h, XS_TRACE_given, (int)port->instance);
	h->state = XS_HELD_port;
	h->port = (__u16)port->id;
	h->since_ns = e->now_ns;
	hop->in++;
	hop->held++;
	if (!port->held)
		port->moved_ns = e->now_ns; /* the NF's time starts now */
	give_all(e, port, frame);
}

bool xs_frame_fits(const struct xs_engine *e, const struct xs_port *port, __u32 frame)
{
	return port->held + e->held[frame].more < port->entries;
}

/* ---- taps ---- */

static struct xs_port *port_for(struct xs_engine *e, __u32 service, __u8 bucket)
{
	__s16 port = e->balance[service].port[bucket];

	return port < 0 ? NULL : e->ports[port];
}

static __u8 bucket_of(const struct xs_engine *e, const struct xs_held *h, __u32 service)
{
	return (__u8)(h->hashes[e->chains->services[service].sticky] % XS_BUCKETS);
}

/* Gives a copy if there is room. A frame never waits for a tap. Returns what to count. */
static __u64 *show_to_tap(struct xs_engine *e, __u32 tap, struct xs_port *port, __u32 frame)
{
	struct xs_chain_count *count = &e->count[e->held[frame].chain];

	if (!port || port->closed)
		return &count->taps[tap].missed;
	if (e->held[frame].more && !port->multi)
		return &count->taps[tap].multi;
	if (!xs_frame_fits(e, port, frame))
		return &count->taps[tap].missed;
	if (!port->held)
		port->moved_ns = e->now_ns;
	give_all(e, port, frame);
	return &count->taps[tap].seen;
}

void xs_frame_show(struct xs_engine *e, __u32 frame, int after)
{
	const struct xs_held *h = &e->held[frame];
	const struct xs_chain *chain = &e->chains->chains[h->chain];

	for (__u32 i = 0; i < chain->tap_cnt; i++) {
		const struct xs_tap *tap = &chain->taps[i];
		__u8 bucket = bucket_of(e, h, tap->service);

		if (tap->after != after)
			continue;
		++*show_to_tap(e, i, port_for(e, tap->service, bucket), frame);
	}
}

/* ---- the next step ---- */

/*
 * What the chain file says about a service that is dead or full: a target, or waiting,
 * or an end.
 */
static bool do_instead(struct xs_engine *e, __u32 frame, enum xs_instead instead, enum xs_loss loss,
		       struct xs_waiting *list)
{
	const struct xs_held *h = &e->held[frame];

	switch (instead) {
	case XS_INSTEAD_bypass:
		xs_frame_trace(e, h, XS_TRACE_bypassed, 0);
		e->hops[h->chain][h->step].bypassed++;
		return true;
	case XS_INSTEAD_hold:
		wait_last(e, list, frame);
		return false;
	default:
		xs_frame_lose(e, frame, loss);
		return false;
	}
}

/* True: the frame skips this step. */
static bool meet_step(struct xs_engine *e, __u32 frame, const struct xs_step *step)
{
	struct xs_held *h = &e->held[frame];
	const struct xs_service *service = &e->chains->services[step->service];
	struct xs_balance *balance = &e->balance[step->service];
	struct xs_port *port;

	h->bucket = bucket_of(e, h, step->service);
	port = port_for(e, step->service, h->bucket);
	if (!port || port->closed)
		return do_instead(e, frame, service->on_dead, XS_LOSS_dead, &balance->waiting);
	if (h->more && !port->multi) {
		xs_frame_lose(e, frame, XS_LOSS_multi);
		return false;
	}
	/* After those that already wait, to keep their order. */
	if (xs_frame_fits(e, port, frame) && !port->waiting.cnt) {
		balance->inside[h->bucket]++;
		xs_frame_give(e, port, frame);
		return false;
	}
	if (service->on_full == XS_INSTEAD_hold)
		balance->inside[h->bucket]++;
	return do_instead(e, frame, service->on_full, XS_LOSS_full, &port->waiting);
}

void xs_frame_route(struct xs_engine *e, __u32 frame, int to)
{
	struct xs_held *h = &e->held[frame];
	const struct xs_chain *chain = &e->chains->chains[h->chain];

	while (to >= 0) {
		h->step = (__u8)to;
		if (!meet_step(e, frame, &chain->steps[to]))
			return;
		to = chain->steps[to].next;
	}
	if (to == XS_TO_nowhere)
		xs_frame_lose(e, frame, XS_LOSS_unbound);
	else
		end_by_verdict(e, frame, to);
}

__u32 xs_engine_room(const struct xs_engine *e, __u32 chain)
{
	const struct xs_chain_count *count = &e->count[chain];
	__u32 limit = e->chains->chains[chain].limit;

	if (count->waiting || e->paused)
		return 0;
	if (!limit)
		return e->frame_cnt;
	return count->frames < limit ? limit - count->frames : 0;
}

static void enter(struct xs_engine *e, __u32 chain, __u32 frame, __u32 bytes, __u64 tag)
{
	struct xs_held *h = &e->held[frame];

	h->chain = (__u8)chain;
	h->step = 0;
	h->mark = 0;
	h->tag = tag;
	xs_flow_hashes(xs_frame_bytes(e, frame) + h->off, h->len, h->hashes);
	h->traced = e->trace ? xs_trace_begin(e->trace, chain, xs_frame_bytes(e, frame) + h->off,
					      h->len, bytes, h->hashes[XS_STICKY_flow], e->now_ns)
			     : 0;
	e->count[chain].entered++;
	e->count[chain].inside++;
	e->count[chain].frames += 1 + h->more;
	xs_frame_show(e, frame, -1);
	xs_frame_route(e, frame, e->chains->chains[chain].first);
}

void xs_engine_enter(struct xs_engine *e, __u32 chain, __u32 frame, __u16 off, __u16 len, __u64 tag)
{
	struct xs_held *h = &e->held[frame];

	h->off = off;
	h->len = len;
	h->more = 0;
	enter(e, chain, frame, len, tag);
}

void xs_engine_enter_parts(struct xs_engine *e, __u32 chain, const struct xs_part *parts, __u32 cnt,
			   __u64 tag)
{
	__u32 bytes = 0;

	for (__u32 i = cnt; i--;) {
		struct xs_held *h = &e->held[parts[i].frame];

		h->state = XS_HELD_rest;
		h->off = parts[i].off;
		h->len = parts[i].len;
		h->more = cnt - 1 - i;
		h->rest = h->more ? parts[i + 1].frame : XS_NO_FRAME;
		bytes += h->len;
	}
	enter(e, chain, parts[0].frame, bytes, tag);
}

__u32 xs_engine_parts(const struct xs_engine *e, __u32 frame, struct xs_part *parts)
{
	const __u32 cnt = 1 + e->held[frame].more;

	for (__u32 i = 0; i < cnt; i++, frame = e->held[frame].rest)
		parts[i] = (struct xs_part){ frame, e->held[frame].off, e->held[frame].len };
	return cnt;
}

/* ---- frames that waited ---- */

/* Finds a new way for every frame that waits in the list. */
__u32 xs_frames_route_again(struct xs_engine *e, struct xs_waiting *list, bool inside)
{
	__u32 cnt = list->cnt;

	for (__u32 i = 0; i < cnt; i++) {
		__u32 frame = xs_frame_unwait(e, list);
		struct xs_held *h = &e->held[frame];
		__u32 service = e->chains->chains[h->chain].steps[h->step].service;

		if (inside)
			e->balance[service].inside[h->bucket]--;
		xs_frame_route(e, frame, h->step);
	}
	return cnt;
}

__u32 xs_frames_move_buckets(struct xs_engine *e, __u32 service)
{
	struct xs_waiting *waiting = &e->balance[service].waiting;

	return xs_balance_progress(e, service) ? xs_frames_route_again(e, waiting, false) : 0;
}
