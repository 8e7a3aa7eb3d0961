// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* An engine is made, turns, sleeps, and gets another version of its chains; see engine.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame_way.h"

#define VAIN_NS 500000000ull /* an NF that is only slow has made room by then */

#define X(name) #name,
const char *const xs_loss_names[XS_LOSS_MAX] = { XS_LOSSES(X) };
#undef X

/* ---- a turn ---- */

/*
 * What waits for an NF that is asked to leave, while what it keeps leaves no room, would wait for
 * good: it is asked to give that back only once nothing waits for it.
 */
static bool waits_in_vain(const struct xs_engine *e, const struct xs_port *port)
{
	return port->draining && e->now_ns - e->held[port->waiting.head].since_ns >= VAIN_NS &&
	       !xs_port_has_flows(e, port);
}

static __u32 give_to_waiting(struct xs_engine *e, struct xs_port *port)
{
	__u32 cnt = 0;

	while (port->waiting.cnt && xs_frame_fits(e, port, port->waiting.head)) {
		xs_frame_give(e, port, xs_frame_unwait(e, &port->waiting));
		cnt++;
	}
	if (port->waiting.cnt && waits_in_vain(e, port))
		cnt += xs_frames_route_again(e, &port->waiting, true);
	return cnt;
}

/* Ends frames that have waited as long as the chain file allows. */
static __u32 end_late(struct xs_engine *e, __u32 service)
{
	struct xs_waiting *list = &e->balance[service].waiting;
	__u64 hold_ns = e->chains->services[service].hold_ms * 1000000ull;
	__u32 cnt = 0;

	while (list->cnt && e->now_ns - e->held[list->head].since_ns >= hold_ns) {
		xs_frame_lose(e, xs_frame_unwait(e, list), XS_LOSS_dead);
		cnt++;
	}
	return cnt;
}

static __u32 turn_services(struct xs_engine *e)
{
	__u32 cnt = 0;

	for (__u32 s = 0; s < e->chains->service_cnt; s++)
		cnt += xs_frames_move_buckets(e, s) + end_late(e, s);
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
		cnt += xs_port_take_all(e, port);
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
	e->held = aligned_alloc(_Alignof(struct xs_held), config->frame_cnt * sizeof(*e->held));
	if (!e->held) {
		free(e);
		return -ENOMEM;
	}
	memset(e->held, 0, config->frame_cnt * sizeof(*e->held));
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
