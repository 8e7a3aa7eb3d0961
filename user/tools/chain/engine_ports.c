// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Ports come to an engine, are drained, closed and reaped; see engine.h. */
#include <errno.h>

#include "frame_way.h"

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
	xs_frames_move_buckets(e, port->service);
	return 0;
}

void xs_engine_drain_port(struct xs_engine *e, struct xs_port *port)
{
	port->draining = true;
	xs_balance_spread(e, port->service);
}

bool xs_port_has_flows(const struct xs_engine *e, const struct xs_port *port)
{
	const struct xs_balance *balance = &e->balance[port->service];

	for (int i = 0; i < XS_BUCKETS; i++)
		if (balance->port[i] == (__s16)port->id)
			return true;
	return false;
}

bool xs_engine_port_is_unused(const struct xs_engine *e, const struct xs_port *port)
{
	return !port->waiting.cnt && !xs_port_has_flows(e, port);
}

void xs_engine_close_port(struct xs_engine *e, struct xs_port *port)
{
	if (port->closed)
		return;
	port->closed = true;
	xs_balance_spread(e, port->service);
	xs_frames_move_buckets(e, port->service);
	xs_frames_route_again(e, &port->waiting, true);
}

/* A frame that a dead NF held. If the NF was read-only it cannot have changed it. */
static void bury(struct xs_engine *e, struct xs_port *port, __u32 frame)
{
	struct xs_held *h = &e->held[frame];
	const struct xs_chain *chain = &e->chains->chains[h->chain];

	xs_frame_leave(e, port, h);
	if (!port->readonly || e->chains->services[port->service].on_dead != XS_INSTEAD_bypass) {
		xs_frame_lose(e, frame, XS_LOSS_died);
		return;
	}
	xs_frame_trace(e, h, XS_TRACE_survived, 0);
	e->hops[h->chain][h->step].survived++;
	xs_frame_route(e, frame, chain->steps[h->step].next);
}

void xs_engine_take_back(struct xs_engine *e, struct xs_port *port)
{
	if (!port->closed && !port->bad)
		xs_port_take_all(e, port);
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
