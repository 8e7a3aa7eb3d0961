// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Checks whether the account of an engine adds up. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"

struct complaint {
	char *text;
	size_t bytes;
};

static bool __attribute__((format(printf, 2, 3)))
complain(const struct complaint *to, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(to->text, to->bytes, fmt, args);
	va_end(args);
	return false;
}

/* Everything that was given to NFs came back, is with them, or died with them. */
static bool hop_is_balanced(const struct xs_engine *e, __u32 c, __u32 s, const struct complaint *to)
{
	const struct xs_hop *hop = &e->hops[c][s];
	const struct xs_chain *chain = &e->chains->chains[c];
	__u64 out = hop->next + hop->tx + hop->drop + hop->lost[XS_LOSS_died] +
		    hop->lost[XS_LOSS_unbound] + hop->survived + hop->held;

	for (int i = 0; i < XS_SERVICE_EXITS_MAX; i++)
		out += hop->exits[i];
	if (out == hop->in)
		return true;
	return complain(to, "chain %s, %s: %llu given, %llu accounted for", chain->name,
			e->chains->services[chain->steps[s].service].name, hop->in, out);
}

static bool chain_is_balanced(const struct xs_engine *e, __u32 c, const struct complaint *to)
{
	const struct xs_chain_count *count = &e->count[c];
	const struct xs_chain *chain = &e->chains->chains[c];
	__u64 out = count->tx + count->drop + count->inside, inside = 0;
	__u64 lost[XS_LOSS_MAX];

	memcpy(lost, e->lost_before[c], sizeof(lost));
	for (__u32 s = 0; s < chain->step_cnt; s++) {
		if (!hop_is_balanced(e, c, s, to))
			return false;
		inside += e->hops[c][s].held + e->hops[c][s].waiting;
		for (int k = 0; k < XS_LOSS_MAX; k++)
			lost[k] += e->hops[c][s].lost[k];
	}
	for (int k = 0; k < XS_LOSS_MAX; k++) {
		out += count->lost[k];
		if (lost[k] != count->lost[k])
			return complain(to, "chain %s: %llu %s, %llu at its hops", chain->name,
					count->lost[k], xs_loss_names[k], lost[k]);
	}
	if (inside != count->inside)
		return complain(to, "chain %s: %u inside, %llu at its hops", chain->name,
				count->inside, inside);
	return out == count->entered || complain(to, "chain %s: %llu entered, %llu accounted for",
						 chain->name, count->entered, out);
}

/* The table of frames agrees with the counters. */
static bool frames_are_balanced(const struct xs_engine *e, const struct complaint *to)
{
	__u32 with_nfs = 0, waiting = 0, held = 0, listed = 0, rest = 0, more = 0;

	for (__u32 i = 0; i < e->frame_cnt; i++) {
		const struct xs_held *h = &e->held[i];

		with_nfs += h->state == XS_HELD_port ? 1 + h->more : 0;
		waiting += h->state == XS_HELD_waiting;
		rest += h->state == XS_HELD_rest;
		more += h->state == XS_HELD_port || h->state == XS_HELD_waiting ? h->more : 0;
	}
	for (__u32 i = 0; i < e->port_end; i++) {
		if (!e->ports[i])
			continue;
		held += e->ports[i]->tap ? 0 : e->ports[i]->held;
		listed += e->ports[i]->waiting.cnt;
	}
	for (__u32 s = 0; s < e->chains->service_cnt; s++)
		listed += e->balance[s].waiting.cnt;
	if (with_nfs != held)
		return complain(to, "%u frames are with NFs, %u by the ports", with_nfs, held);
	if (rest != more)
		return complain(to, "%u further frames of packets, %u by the first ones", rest,
				more);
	return waiting == listed ||
	       complain(to, "%u frames wait, %u by the lists", waiting, listed);
}

bool xs_engine_balanced(const struct xs_engine *e, char *why, size_t why_bytes)
{
	const struct complaint to = { why, why_bytes };

	for (__u32 c = 0; c < e->chains->chain_cnt; c++)
		if (!chain_is_balanced(e, c, &to))
			return false;
	return frames_are_balanced(e, &to);
}

__u32 xs_engine_inside(const struct xs_engine *e)
{
	__u32 inside = 0;

	for (__u32 c = 0; c < e->chains->chain_cnt; c++)
		inside += e->count[c].frames;
	return inside;
}
