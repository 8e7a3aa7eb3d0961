// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Decides which instance of a service gets which flows. Flows are in buckets by their
 * hash. A bucket moves to another instance only while none of its frames is under way,
 * so that the frames of a flow keep their order.
 */
#include "engine.h"

#define MOVE_NS 10000000 /* a bucket that is never empty is moved after this time, and counted */

static bool may_have_flows(const struct xs_engine *e, __s16 port)
{
	const struct xs_port *p = port >= 0 ? e->ports[port] : NULL;

	return p && !p->draining && !p->closed;
}

static __u32 count_ports(const struct xs_engine *e, __u32 service)
{
	__u32 cnt = 0;

	for (__u32 i = 0; i < e->port_end; i++)
		cnt += e->ports[i] && e->ports[i]->service == service &&
		       may_have_flows(e, (__s16)i);
	return cnt;
}

/* How many buckets each port may have: equal shares; the first ports get one more. */
static void set_quotas(const struct xs_engine *e, __u32 service, __u32 *quota, __u32 cnt)
{
	__u32 k = 0;

	for (__u32 i = 0; i < e->port_end; i++) {
		quota[i] = 0;
		if (!e->ports[i] || e->ports[i]->service != service || !may_have_flows(e, (__s16)i))
			continue;
		quota[i] = XS_BUCKETS / cnt + (k < XS_BUCKETS % cnt);
		k++;
	}
}

void xs_balance_spread(struct xs_engine *e, __u32 service)
{
	struct xs_balance *b = &e->balance[service];
	__u32 quota[XS_PORTS_MAX], cnt = count_ports(e, service), next = 0;

	if (cnt)
		set_quotas(e, service, quota, cnt);
	/* A port keeps the buckets that it has, within its quota. */
	for (int i = 0; i < XS_BUCKETS; i++) {
		if (cnt && may_have_flows(e, b->port[i]) && quota[b->port[i]]) {
			b->want[i] = b->port[i];
			quota[b->port[i]]--;
		} else {
			b->want[i] = -1;
		}
	}
	for (int i = 0; cnt && i < XS_BUCKETS; i++) {
		if (b->want[i] >= 0)
			continue;
		while (!quota[next])
			next++;
		b->want[i] = (__s16)next;
		quota[next]--;
	}
	b->moving = true;
	b->since_ns = e->now_ns;
}

bool xs_balance_progress(struct xs_engine *e, __u32 service)
{
	struct xs_balance *b = &e->balance[service];
	bool late = e->now_ns - b->since_ns > MOVE_NS, came = false;

	if (!b->moving)
		return false;
	b->moving = false;
	for (int i = 0; i < XS_BUCKETS; i++) {
		const struct xs_port *from = b->port[i] >= 0 ? e->ports[b->port[i]] : NULL;

		if (b->want[i] == b->port[i])
			continue;
		if (b->inside[i] && from && !from->closed) {
			if (!late) {
				b->moving = true;
				continue;
			}
			e->reorder_risk++;
		}
		came |= b->port[i] < 0;
		b->port[i] = b->want[i];
	}
	return came;
}
