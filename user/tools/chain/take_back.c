// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What NFs return: each descriptor is checked, counted, and sent on its way; see frame_way.h. */
#include <string.h>

#include "frame_way.h"

static bool is_bad(struct xs_engine *e, struct xs_port *port, const char *why)
{
	port->bad = why;
	e->bad++;
	return false;
}

/* The first frame of the packet that the NF means by an index. False: the NF does not hold it. */
static inline bool find_frame(struct xs_engine *e, const struct xs_port *port, __u32 index,
			      __u32 *frame)
{
	if (port->frames) {
		if (index >= port->entries || port->frame_of_slot[index] == XS_NO_FRAME)
			return false;
		*frame = port->frame_of_slot[index];
		if (port->tap)
			return true;
	} else {
		if (index >= e->frame_cnt)
			return false;
		*frame = index;
	}
	return e->held[*frame].state == XS_HELD_port && e->held[*frame].port == port->id;
}

static bool verdict_is_known(const struct xs_port *port, __u8 verdict)
{
	return verdict <= XSNF_TX ||
	       (verdict >= XSNF_EXIT_0 && verdict < XSNF_EXIT_0 + port->exit_cnt);
}

/* `desc` is the first one of a packet; its verdict is without XSNF_DESC_MORE. */
static inline bool check_desc(struct xs_engine *e, struct xs_port *port,
			      const struct xsnf_desc *desc, __u32 *frame)
{
	if (!find_frame(e, port, desc->frame, frame))
		return is_bad(e, port, "it returned a packet that it does not hold");
	if (!verdict_is_known(port, desc->verdict))
		return is_bad(e, port, "it may not give this verdict");
	if (!port->readonly && (desc->off < e->headroom || desc->off + desc->len > e->frame_size))
		return is_bad(e, port, "its packet does not lie within the frame");
	if (!port->readonly && desc->verdict != XSNF_DROP && desc->len < 14)
		return is_bad(e, port, "its packet is shorter than an Ethernet header");
	return true;
}

static void free_slot(struct xs_port *port, __u32 slot)
{
	port->frame_of_slot[slot] = XS_NO_FRAME;
	port->free_slots[port->free_cnt++] = slot;
}

/* Copies back the frame's bytes, where the NF has frames of its own. */
static void take_bytes(struct xs_engine *e, const struct xs_port *port, __u32 slot, __u32 frame)
{
	const struct xs_held *h = &e->held[frame];

	memcpy(xs_frame_bytes(e, frame) + h->off,
	       port->frames + (__u64)slot * e->frame_size + h->off, h->len);
	e->copies++;
}

/* Takes over what the NF may have changed. */
static void take_changes(struct xs_engine *e, const struct xs_port *port,
			 const struct xsnf_desc *desc, __u32 frame)
{
	struct xs_held *h = &e->held[frame];

	h->mark = desc->mark;
	/* Of what is dropped nothing is taken over: it may be empty, and end where the next frame begins. */
	if (port->readonly || desc->verdict == XSNF_DROP)
		return;
	h->off = desc->off;
	h->len = desc->len;
	if (port->frames)
		take_bytes(e, port, desc->frame, frame);
}

/*
 * The further frames of a packet follow its first one, as they were given: an NF can change their
 * bytes, nothing else. `left`: descriptors that can be taken.
 */
static bool take_rest(struct xs_engine *e, struct xs_port *port, const struct xs_held *h,
		      bool copy_back, __u32 left)
{
	__u32 frame = h->rest;

	if (left < h->more)
		return is_bad(e, port, "it returned a part of a packet");
	for (__u32 more = h->more; more--; frame = e->held[frame].rest) {
		struct xsnf_desc desc = xs_port_take(port);
		bool is_it = port->frames ? desc.frame < port->entries &&
						    port->frame_of_slot[desc.frame] == frame
					  : desc.frame == frame;

		if (!is_it || !(desc.verdict & XSNF_DESC_MORE) != !more)
			return is_bad(e, port, "it returned frames of a packet in another order");
		if (!port->frames)
			continue;
		if (copy_back)
			take_bytes(e, port, desc.frame, frame);
		free_slot(port, desc.frame);
	}
	return true;
}

/* Counts the verdict, and returns where it leads. */
static int follow_verdict(struct xs_engine *e, const struct xs_port *port, const struct xs_held *h,
			  __u8 verdict)
{
	struct xs_hop *hop = &e->hops[h->chain][h->step];
	const struct xs_step *step = &e->chains->chains[h->chain].steps[h->step];
	int exit;

	if (verdict < XSNF_EXIT_0)
		xs_frame_trace(e, h, XS_TRACE_returned, verdict);
	switch (verdict) {
	case XSNF_NEXT:
		hop->next++;
		return step->next;
	case XSNF_DROP:
		hop->drop++;
		return XS_TO_drop;
	case XSNF_TX:
		hop->tx++;
		return XS_TO_tx;
	}
	exit = port->exit_of[verdict - XSNF_EXIT_0];
	xs_frame_trace(e, h, XS_TRACE_exit, exit);
	if (exit < 0 || step->exits[exit] == XS_TO_nowhere)
		return XS_TO_nowhere;
	hop->exits[exit]++;
	return step->exits[exit];
}

void xs_frame_leave(struct xs_engine *e, struct xs_port *port, const struct xs_held *h)
{
	struct xs_hop *hop = &e->hops[h->chain][h->step];

	port->held -= 1 + h->more;
	hop->held--;
	e->balance[port->service].inside[h->bucket]--;
}

static void count_stays(struct xs_engine *e)
{
	struct xs_hop *hop = e->stay.hop;
	__u64 ns = e->now_ns - e->stay.since_ns;

	if (!e->stay.cnt)
		return;
	hop->ns_total += ns * e->stay.cnt;
	xs_latency_record_many(&hop->latency, ns, e->stay.cnt);
	e->stay.cnt = 0;
}

static void note_stay(struct xs_engine *e, const struct xs_held *h)
{
	struct xs_hop *hop = &e->hops[h->chain][h->step];

	if (hop != e->stay.hop || h->since_ns != e->stay.since_ns) {
		count_stays(e);
		e->stay.hop = hop;
		e->stay.since_ns = h->since_ns;
	}
	e->stay.cnt++;
}

/* What a tap returns is only room for another copy. */
static void take_copy(struct xs_engine *e, struct xs_port *port)
{
	struct xsnf_desc desc = xs_port_take(port);
	__u32 frame;

	if (!find_frame(e, port, desc.frame, &frame)) {
		is_bad(e, port, "it returned a packet that it does not hold");
		return;
	}
	free_slot(port, desc.frame);
	port->held--;
}

/* Takes a packet, of whose descriptors there are at most `cnt`. */
static void take_packet(struct xs_engine *e, struct xs_port *port, __u32 cnt)
{
	struct xsnf_desc desc = xs_port_take(port);
	const bool more = desc.verdict & XSNF_DESC_MORE;
	struct xs_held *h;
	__u32 frame;
	int to;

	desc.verdict &= (__u8)~XSNF_DESC_MORE;
	if (!check_desc(e, port, &desc, &frame))
		return;
	h = &e->held[frame];
	if (more != !!h->more) {
		is_bad(e, port, "it returned a part of a packet");
		return;
	}
	if (h->more &&
	    !take_rest(e, port, h, !port->readonly && desc.verdict != XSNF_DROP, cnt - 1))
		return;
	take_changes(e, port, &desc, frame);
	if (port->frames)
		free_slot(port, desc.frame);
	xs_frame_leave(e, port, h);
	note_stay(e, h);
	to = follow_verdict(e, port, h, desc.verdict);
	if (desc.verdict != XSNF_DROP)
		xs_frame_show(e, frame, h->step);
	xs_frame_route(e, frame, to);
}

/* What the NF wrote there may change until it is taken, so it is good for nothing else. */
static inline void expect_soon(const struct xs_engine *e, const struct xs_port *port)
{
	__u32 place = (port->taken + XS_EXPECT_AHEAD) & (port->entries - 1);
	__u32 frame = __atomic_load_n(&port->n2b->ring[place].frame, __ATOMIC_RELAXED);

	if (!port->frames && frame < e->frame_cnt)
		__builtin_prefetch(&e->held[frame], 1);
}

__u32 xs_port_take_all(struct xs_engine *e, struct xs_port *port)
{
	const __u32 before = port->taken;
	__u32 cnt;

	if (!xs_port_returned(port, &cnt))
		e->bad++;
	while (port->taken - before < cnt && !port->bad) {
		expect_soon(e, port);
		if (port->tap)
			take_copy(e, port);
		else
			take_packet(e, port, cnt - (port->taken - before));
	}
	count_stays(e);
	return port->taken - before;
}
