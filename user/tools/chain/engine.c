// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Moves frames from step to step; see engine.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define X(name) #name,
const char *const xs_loss_names[XS_LOSS_MAX] = { XS_LOSSES(X) };
#undef X

static void route(struct xs_engine *e, __u32 frame, int to);

static void trace(struct xs_engine *e, const struct xs_held *h, enum xs_trace_what what, int value)
{
	if (h->traced)
		xs_trace_add(e->trace, h->traced, what, value,
			     e->chains->chains[h->chain].steps[h->step].service, e->now_ns);
}

/* ---- frames that wait ---- */

static void wait_last(struct xs_engine *e, struct xs_waiting *list, __u32 frame)
{
	struct xs_held *h = &e->held[frame];

	trace(e, h, XS_TRACE_waiting, 0);
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

static __u32 wait_end(struct xs_engine *e, struct xs_waiting *list)
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

static void finish(struct xs_engine *e, __u32 frame, int end)
{
	struct xs_held *h = &e->held[frame];

	h->state = XS_HELD_outside;
	e->count[h->chain].inside--;
	e->done(e->arg, frame, h, end);
}

static void end_by_verdict(struct xs_engine *e, __u32 frame, int end)
{
	struct xs_chain_count *count = &e->count[e->held[frame].chain];

	trace(e, &e->held[frame], XS_TRACE_ended, end);
	if (end == XS_TO_tx)
		count->tx++;
	else
		count->drop++;
	finish(e, frame, end);
}

static void lose(struct xs_engine *e, __u32 frame, enum xs_loss loss)
{
	const struct xs_held *h = &e->held[frame];

	trace(e, h, XS_TRACE_lost, (int)loss);
	e->hops[h->chain][h->step].lost[loss]++;
	e->count[h->chain].lost[loss]++;
	finish(e, frame, XS_TO_drop);
}

/* ---- giving ---- */

static unsigned char *bytes_of(const struct xs_engine *e, __u32 frame)
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
	memcpy(port->frames + (__u64)slot * e->frame_size + h->off, bytes_of(e, frame) + h->off,
	       h->len);
	e->copies++;
	return slot;
}

static struct xsnf_desc describe(const struct xs_held *h, __u32 index)
{
	return (struct xsnf_desc){
		.frame = index,
		.off = h->off,
		.len = h->len,
		.hash = h->hashes[XS_STICKY_flow],
		.step = h->step,
		.mark = h->mark,
	};
}

static void give(struct xs_engine *e, struct xs_port *port, __u32 frame)
{
	struct xs_held *h = &e->held[frame];
	struct xs_hop *hop = &e->hops[h->chain][h->step];
	struct xsnf_desc desc = describe(h, index_for(e, port, frame));

	trace(e, h, XS_TRACE_given, (int)port->instance);
	h->state = XS_HELD_port;
	h->port = (__u16)port->id;
	h->since_ns = e->now_ns;
	hop->in++;
	hop->held++;
	if (!port->held)
		port->moved_ns = e->now_ns; /* the NF's time starts now */
	xs_port_give(port, &desc);
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

/* Gives a copy if there is room. A frame never waits for a tap. */
static bool show_to_tap(struct xs_engine *e, struct xs_port *port, const struct xs_held *h,
			__u32 frame)
{
	struct xsnf_desc desc;

	if (!port || port->closed || port->held == port->entries)
		return false;
	desc = describe(h, index_for(e, port, frame));
	if (!port->held)
		port->moved_ns = e->now_ns;
	xs_port_give(port, &desc);
	return true;
}

static void show_to_taps(struct xs_engine *e, __u32 frame, int after)
{
	const struct xs_held *h = &e->held[frame];
	const struct xs_chain *chain = &e->chains->chains[h->chain];

	for (__u32 i = 0; i < chain->tap_cnt; i++) {
		const struct xs_tap *tap = &chain->taps[i];
		__u8 bucket = bucket_of(e, h, tap->service);

		if (tap->after != after)
			continue;
		if (show_to_tap(e, port_for(e, tap->service, bucket), h, frame))
			e->count[h->chain].taps[i].seen++;
		else
			e->count[h->chain].taps[i].missed++;
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
		trace(e, h, XS_TRACE_bypassed, 0);
		e->hops[h->chain][h->step].bypassed++;
		return true;
	case XS_INSTEAD_hold:
		wait_last(e, list, frame);
		return false;
	default:
		lose(e, frame, loss);
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
	/* After those that already wait, to keep their order. */
	if (port->held < port->entries && !port->waiting.cnt) {
		balance->inside[h->bucket]++;
		give(e, port, frame);
		return false;
	}
	if (service->on_full == XS_INSTEAD_hold)
		balance->inside[h->bucket]++;
	return do_instead(e, frame, service->on_full, XS_LOSS_full, &port->waiting);
}

static void route(struct xs_engine *e, __u32 frame, int to)
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
		lose(e, frame, XS_LOSS_unbound);
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
	return count->inside < limit ? limit - count->inside : 0;
}

void xs_engine_enter(struct xs_engine *e, __u32 chain, __u32 frame, __u16 off, __u16 len, __u64 tag)
{
	struct xs_held *h = &e->held[frame];

	h->chain = (__u8)chain;
	h->step = 0;
	h->mark = 0;
	h->off = off;
	h->len = len;
	h->tag = tag;
	xs_flow_hashes(bytes_of(e, frame) + off, len, h->hashes);
	h->traced = e->trace ? xs_trace_begin(e->trace, chain, bytes_of(e, frame) + off, len,
					      h->hashes[XS_STICKY_flow], e->now_ns)
			     : 0;
	e->count[chain].entered++;
	e->count[chain].inside++;
	show_to_taps(e, frame, -1);
	route(e, frame, e->chains->chains[chain].first);
}

/* ---- taking back ---- */

static bool is_bad(struct xs_engine *e, struct xs_port *port, const char *why)
{
	port->bad = why;
	e->bad++;
	return false;
}

/* The frame that the NF means by an index. False: the NF does not hold it. */
static bool find_frame(struct xs_engine *e, const struct xs_port *port, __u32 index, __u32 *frame)
{
	if (port->frames) {
		if (index >= port->entries || port->frame_of_slot[index] == XS_NO_FRAME)
			return false;
		*frame = port->frame_of_slot[index];
		return true;
	}
	if (index >= e->frame_cnt || e->held[index].state != XS_HELD_port ||
	    e->held[index].port != port->id)
		return false;
	*frame = index;
	return true;
}

static bool verdict_is_known(const struct xs_port *port, __u8 verdict)
{
	return verdict <= XSNF_TX ||
	       (verdict >= XSNF_EXIT_0 && verdict < XSNF_EXIT_0 + port->exit_cnt);
}

static bool check_desc(struct xs_engine *e, struct xs_port *port, const struct xsnf_desc *desc,
		       __u32 *frame)
{
	if (!find_frame(e, port, desc->frame, frame))
		return is_bad(e, port, "it returned a packet that it does not hold");
	if (port->tap)
		return true;
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

/* Copies back what the NF may have changed. */
static void take_changes(struct xs_engine *e, const struct xs_port *port,
			 const struct xsnf_desc *desc, __u32 frame)
{
	struct xs_held *h = &e->held[frame];

	h->mark = desc->mark;
	if (port->readonly)
		return;
	h->off = desc->off;
	h->len = desc->len;
	if (!port->frames || desc->verdict == XSNF_DROP)
		return;
	memcpy(bytes_of(e, frame) + h->off,
	       port->frames + (__u64)desc->frame * e->frame_size + h->off, h->len);
	e->copies++;
}

/* Counts the verdict, and returns where it leads. */
static int follow_verdict(struct xs_engine *e, const struct xs_port *port, const struct xs_held *h,
			  __u8 verdict)
{
	struct xs_hop *hop = &e->hops[h->chain][h->step];
	const struct xs_step *step = &e->chains->chains[h->chain].steps[h->step];
	int exit;

	if (verdict < XSNF_EXIT_0)
		trace(e, h, XS_TRACE_returned, verdict);
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
	trace(e, h, XS_TRACE_exit, exit);
	if (exit < 0 || step->exits[exit] == XS_TO_nowhere)
		return XS_TO_nowhere;
	hop->exits[exit]++;
	return step->exits[exit];
}

static void leave_port(struct xs_engine *e, struct xs_port *port, const struct xs_held *h)
{
	struct xs_hop *hop = &e->hops[h->chain][h->step];

	port->held--;
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

static void take_desc(struct xs_engine *e, struct xs_port *port)
{
	struct xsnf_desc desc = xs_port_take(port);
	struct xs_held *h;
	__u32 frame;
	int to;

	if (!check_desc(e, port, &desc, &frame))
		return;
	if (port->tap) {
		free_slot(port, desc.frame);
		port->held--;
		return;
	}
	h = &e->held[frame];
	take_changes(e, port, &desc, frame);
	if (port->frames)
		free_slot(port, desc.frame);
	leave_port(e, port, h);
	note_stay(e, h);
	to = follow_verdict(e, port, h, desc.verdict);
	if (desc.verdict != XSNF_DROP)
		show_to_taps(e, frame, h->step);
	route(e, frame, to);
}

static __u32 take_from(struct xs_engine *e, struct xs_port *port)
{
	__u32 cnt, taken = 0;

	if (!xs_port_returned(port, &cnt))
		e->bad++;
	while (taken < cnt && !port->bad) {
		take_desc(e, port);
		taken++;
	}
	count_stays(e);
	return taken;
}

/* ---- a turn ---- */

static __u32 give_to_waiting(struct xs_engine *e, struct xs_port *port)
{
	__u32 cnt = 0;

	while (port->waiting.cnt && port->held < port->entries) {
		give(e, port, wait_end(e, &port->waiting));
		cnt++;
	}
	return cnt;
}

/* Finds a new way for every frame that waits in the list. */
static __u32 route_waiting(struct xs_engine *e, struct xs_waiting *list, bool inside)
{
	__u32 cnt = list->cnt;

	for (__u32 i = 0; i < cnt; i++) {
		__u32 frame = wait_end(e, list);
		struct xs_held *h = &e->held[frame];
		__u32 service = e->chains->chains[h->chain].steps[h->step].service;

		if (inside)
			e->balance[service].inside[h->bucket]--;
		route(e, frame, h->step);
	}
	return cnt;
}

/* Ends frames that have waited as long as the chain file allows. */
static __u32 end_late(struct xs_engine *e, __u32 service)
{
	struct xs_waiting *list = &e->balance[service].waiting;
	__u64 hold_ns = e->chains->services[service].hold_ms * 1000000ull;
	__u32 cnt = 0;

	while (list->cnt && e->now_ns - e->held[list->head].since_ns >= hold_ns) {
		lose(e, wait_end(e, list), XS_LOSS_dead);
		cnt++;
	}
	return cnt;
}

static __u32 move_buckets(struct xs_engine *e, __u32 service)
{
	struct xs_waiting *waiting = &e->balance[service].waiting;

	return xs_balance_progress(e, service) ? route_waiting(e, waiting, false) : 0;
}

static __u32 turn_services(struct xs_engine *e)
{
	__u32 cnt = 0;

	for (__u32 s = 0; s < e->chains->service_cnt; s++)
		cnt += move_buckets(e, s) + end_late(e, s);
	return cnt;
}

__u32 xs_engine_turn(struct xs_engine *e, __u64 now_ns)
{
	__u32 cnt = 0;

	e->now_ns = now_ns;
	for (__u32 i = 0; i < e->port_end; i++) {
		struct xs_port *port = e->ports[i];

		if (!port || port->closed || port->bad)
			continue;
		cnt += take_from(e, port);
		cnt += give_to_waiting(e, port);
	}
	cnt += turn_services(e);
	for (__u32 i = 0; i < e->port_end; i++) {
		struct xs_port *port = e->ports[i];

		if (port && (port->dirty || port->quiet_ns) && !port->closed)
			xs_port_publish(port, now_ns);
	}
	return cnt;
}

void xs_engine_announce(struct xs_engine *e)
{
	for (__u32 i = 0; i < e->port_end; i++)
		if (e->ports[i] && !e->ports[i]->closed && e->ports[i]->quiet_ns)
			xs_port_announce(e->ports[i]);
}

bool xs_engine_set_asleep(struct xs_engine *e, bool asleep)
{
	bool may = true;
	__u32 cnt;

	if (asleep)
		xs_engine_announce(e);
	for (__u32 i = 0; i < e->port_end; i++) {
		struct xs_port *port = e->ports[i];

		if (!port || port->closed)
			continue;
		xs_port_set_asleep(port, asleep);
		if (asleep && !port->bad && (!xs_port_returned(port, &cnt) || cnt))
			may = false;
	}
	return may;
}

nfds_t xs_engine_list_wakes(const struct xs_engine *e, struct pollfd *fds, nfds_t max)
{
	nfds_t cnt = 0;

	for (__u32 i = 0; i < e->port_end && cnt < max; i++)
		if (e->ports[i] && !e->ports[i]->closed)
			fds[cnt++] = (struct pollfd){ .fd = e->ports[i]->wake, .events = POLLIN };
	return cnt;
}

void xs_engine_read_wakes(struct xs_engine *e, const struct pollfd *fds, nfds_t cnt)
{
	nfds_t k = 0;

	/* Both are in the order of the ports. */
	for (__u32 i = 0; i < e->port_end; i++) {
		nfds_t from = k;

		if (!e->ports[i] || e->ports[i]->closed)
			continue;
		while (k < cnt && fds[k].fd != e->ports[i]->wake)
			k++;
		if (k == cnt)
			k = from; /* it has come since */
		else if (fds[k++].revents)
			xs_port_drain_wakes(e->ports[i]);
	}
}

/* ---- another version ---- */

static void carry_hops(struct xs_engine *e, __u32 c, const struct xs_chain *next)
{
	const struct xs_chain *now = &e->chains->chains[c];
	struct xs_hop hops[XS_CHAIN_STEPS_MAX] = {};

	for (__u32 s = 0; s < now->step_cnt; s++) {
		int to = xs_chain_step_of(next, now->steps[s].service);

		if (to >= 0) {
			hops[to] = e->hops[c][s];
			continue;
		}
		for (int k = 0; k < XS_LOSS_MAX; k++)
			e->lost_before[c][k] += e->hops[c][s].lost[k];
	}
	memcpy(e->hops[c], hops, sizeof(hops));
}

static void carry_taps(struct xs_engine *e, __u32 c, const struct xs_chain *next)
{
	const struct xs_chain *now = &e->chains->chains[c];
	struct xs_chain_count *count = &e->count[c], old = *count;

	memset(count->taps, 0, sizeof(count->taps));
	for (__u32 t = 0; t < next->tap_cnt; t++)
		for (__u32 k = 0; k < now->tap_cnt; k++)
			if (now->taps[k].service == next->taps[t].service &&
			    now->taps[k].after == next->taps[t].after)
				count->taps[t] = old.taps[k];
}

void xs_engine_apply(struct xs_engine *e, const struct xs_chains *chains)
{
	for (__u32 c = 0; c < chains->chain_cnt; c++) {
		carry_hops(e, c, &chains->chains[c]);
		carry_taps(e, c, &chains->chains[c]);
	}
	e->chains = chains;
}

/* ---- ports ---- */

int xs_engine_add_port(struct xs_engine *e, struct xs_port *port)
{
	__u32 i = 0;

	while (i < e->port_end && e->ports[i])
		i++;
	if (i == XS_PORTS_MAX)
		return -ENOSPC;
	port->id = i;
	port->moved_ns = e->now_ns;
	e->ports[i] = port;
	if (i == e->port_end)
		e->port_end++;
	xs_balance_spread(e, port->service);
	move_buckets(e, port->service);
	return 0;
}

void xs_engine_drain_port(struct xs_engine *e, struct xs_port *port)
{
	port->draining = true;
	xs_balance_spread(e, port->service);
}

bool xs_engine_port_is_unused(const struct xs_engine *e, const struct xs_port *port)
{
	const struct xs_balance *balance = &e->balance[port->service];

	if (port->waiting.cnt)
		return false;
	for (int i = 0; i < XS_BUCKETS; i++)
		if (balance->port[i] == (__s16)port->id)
			return false;
	return true;
}

void xs_engine_close_port(struct xs_engine *e, struct xs_port *port)
{
	if (port->closed)
		return;
	port->closed = true;
	xs_balance_spread(e, port->service);
	move_buckets(e, port->service);
	route_waiting(e, &port->waiting, true);
}

/* A frame that a dead NF held. If the NF was read-only it cannot have changed it. */
static void bury(struct xs_engine *e, struct xs_port *port, __u32 frame)
{
	struct xs_held *h = &e->held[frame];
	const struct xs_chain *chain = &e->chains->chains[h->chain];

	leave_port(e, port, h);
	if (!port->readonly || e->chains->services[port->service].on_dead != XS_INSTEAD_bypass) {
		lose(e, frame, XS_LOSS_died);
		return;
	}
	trace(e, h, XS_TRACE_survived, 0);
	e->hops[h->chain][h->step].survived++;
	route(e, frame, chain->steps[h->step].next);
}

void xs_engine_take_back(struct xs_engine *e, struct xs_port *port)
{
	if (!port->closed && !port->bad)
		take_from(e, port);
}

void xs_engine_reap_port(struct xs_engine *e, struct xs_port *port)
{
	xs_engine_take_back(e, port);
	xs_engine_close_port(e, port);
	for (__u32 i = 0; !port->tap && port->held && i < e->frame_cnt; i++)
		if (e->held[i].state == XS_HELD_port && e->held[i].port == port->id)
			bury(e, port, i);
	e->ports[port->id] = NULL;
	xs_port_free(port);
}

/* ---- traces ---- */

int xs_engine_trace(struct xs_engine *e, __u32 frames, int chain)
{
	if (!e->trace)
		e->trace = malloc(sizeof(*e->trace));
	if (!e->trace)
		return -ENOMEM;
	/* Those that are under way would write into the rows of the new ones. */
	for (__u32 i = 0; i < e->frame_cnt; i++)
		e->held[i].traced = 0;
	e->trace->wanted = frames < XS_TRACED_MAX ? frames : XS_TRACED_MAX;
	e->trace->chain = chain;
	e->trace->begun = e->trace->done = 0;
	return 0;
}

/* ---- making ---- */

static void begin_balance(struct xs_balance *balance)
{
	for (int i = 0; i < XS_BUCKETS; i++)
		balance->port[i] = balance->want[i] = -1;
	balance->waiting.head = balance->waiting.tail = XS_NO_FRAME;
}

int xs_engine_make(struct xs_engine **engine, const struct xs_engine_config *config)
{
	struct xs_engine *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->held = calloc(config->frame_cnt, sizeof(*e->held));
	if (!e->held) {
		free(e);
		return -ENOMEM;
	}
	pthread_mutex_init(&e->lock, NULL);
	e->chains = config->chains;
	e->frames = config->frames;
	e->frame_cnt = config->frame_cnt;
	e->frame_size = config->frame_size;
	e->headroom = config->headroom;
	e->done = config->done;
	e->arg = config->arg;
	for (int i = 0; i < XS_SERVICES_MAX; i++)
		begin_balance(&e->balance[i]);
	*engine = e;
	return 0;
}

void xs_engine_free(struct xs_engine *engine)
{
	if (!engine)
		return;
	for (__u32 i = 0; i < engine->port_end; i++)
		xs_port_free(engine->ports[i]);
	pthread_mutex_destroy(&engine->lock);
	free(engine->trace);
	free(engine->held);
	free(engine);
}
