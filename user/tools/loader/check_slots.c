// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Whether somebody takes the frames that the rules send to sockets and chains; and early losses. */
#include <errno.h>
#include <stdlib.h>

#include "findings.h"
#include "lib/api/queue_facts.h"
#include "lib/base/number.h"
#include "lib/instance/chain_slots.h"
#include "lib/instance/instance.h"
#include "lib/instance/reserved.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"

/* What cannot be known counts: its table is not to be overwritten either. */
static bool has_reserved_queues(const struct xs_pins *pins)
{
	struct xs_reserved *record = malloc(sizeof(*record));
	bool has = !record || xs_reserved_read(pins, record) != 0;

	free(record);
	return has;
}

/* RSS can be limited to the queues with a socket if they are contiguous. */
static const char *fix_sockets(struct xs_diagnosis *d, const struct xs_pins *pins, __u32 held,
			       __u32 first, __u32 last)
{
	if (last - first + 1 != held || !xs_netif_has_rss_table(d->netif.name) ||
	    has_reserved_queues(pins))
		return "start a bouncer there";
	return xs_fix(d, "start a bouncer there, or keep RSS away: ethtool -X %s start %u equal %u",
		      d->netif.name, first, held);
}

/* The slots that the rules in force lead to. */
struct led_to {
	bool own; /* the frame's own queue: all queues in use */
	bool any;
	bool known; /* false: the rules cannot be read, so all are meant */
	bool *slots; /* in addition to those, by number */
	__u32 chains; /* a bit for each row of `chains` */
};

static void add_led_to(struct led_to *to, const struct xs_pins *pins,
		       const struct xs_action *action)
{
	if (action->verdict == XS_VERDICT_chain && action->target >= pins->slots)
		to->chains |= 1u << (action->target / pins->slots - 1) % XS_CHAIN_SLOTS;
	if (action->verdict != XS_VERDICT_xsk)
		return;
	to->any = true;
	to->own |= action->own_slot;
	if (!action->own_slot && action->target < pins->slots)
		to->slots[action->target] = true;
}

/* If the rules cannot be read, any queue may be meant. */
static void find_led_to(const struct xs_pins *pins, const struct xs_queue_facts *facts,
			struct led_to *to)
{
	const struct xs_rules_in_force *now = &facts->rules;
	struct xs_action builtin = xs_builtin_default(pins);

	to->known = facts->rules_known;
	if (!to->known) {
		to->any = to->own = true;
		return;
	}
	add_led_to(to, pins, now->header ? &now->header->default_action : &builtin);
	for (__u32 i = 0; now->header && i < now->header->rule_cnt; i++)
		add_led_to(to, pins, &now->rules[i].action);
}

/* The findings about the slots that the rules lead to. */
struct slots_seen {
	__u32 empty, held, first_empty, first_held, last_held;
	__u32 others; /* of those that are held: by programs that are not ours */
};

/* The socket in the slot. Of some it is only known that they are bound to the slot's queue. */
static const struct xs_queue_socket *socket_of(const struct xs_queue_facts *facts, __u32 slot)
{
	for (__u32 i = 0; i < facts->socket_cnt; i++) {
		const struct xs_queue_socket *socket = &facts->sockets[i];

		if (socket->slot < 0 ? socket->queue == slot : (__u32)socket->slot == slot)
			return socket;
	}
	return NULL;
}

static struct slots_seen look_at_slots(const struct xs_pins *pins,
				       const struct xs_queue_facts *facts, const struct led_to *to)
{
	struct slots_seen seen = {};

	for (__u32 slot = 0; slot < pins->slots; slot++) {
		const struct xs_queue_socket *socket;

		if (!to->slots[slot] && !(to->own && slot < facts->netif.rx_queues))
			continue;
		socket = socket_of(facts, slot);
		if (socket) {
			if (!seen.held++)
				seen.first_held = slot;
			seen.last_held = slot;
			seen.others += !socket->ours;
		} else if (!seen.empty++) {
			seen.first_empty = slot;
		}
	}
	return seen;
}

static void find_held(struct xs_diagnosis *d, const struct slots_seen *seen)
{
	if (seen->others)
		xs_find(d, "sockets", XS_LEVEL_OK, "",
			"each of %u slot%s has a socket, "
			"%u of them of programs that are not xsteer's",
			seen->held, xs_s(seen->held), seen->others);
	else
		xs_find(d, "sockets", XS_LEVEL_OK, "", "each of %u slot%s has a bouncer",
			seen->held, xs_s(seen->held));
}

/* What nobody may ask is not called empty. */
static void find_sockets(struct xs_diagnosis *d, const struct xs_pins *pins,
			 const struct led_to *to, const struct slots_seen *seen, bool others_told)
{
	const char *what = others_told ? "socket"
				       : "bouncer of ours; others are not seen without root";
	const char *which = to->known ? "that the rules lead to"
				      : "that the rules, which cannot be read, may lead to";
	__u32 cnt = seen->empty + seen->held;

	if (!to->any)
		xs_find(d, "sockets", XS_LEVEL_OK, "", "the rules send no frame to a socket");
	else if (!seen->empty)
		find_held(d, seen);
	else if (!seen->held)
		xs_find(d, "sockets", XS_LEVEL_WARN, "start bouncers",
			"none of %u slot%s %s has a %s", cnt, xs_s(cnt), which, what);
	else
		xs_find(d, "sockets", XS_LEVEL_WARN,
			to->own ? fix_sockets(d, pins, seen->held, seen->first_held,
					      seen->last_held)
				: "start a bouncer there",
			"%u of %u slots %s, the first is %u, have no %s", seen->empty, cnt, which,
			seen->first_empty, what);
}

static const char *fix_drops(struct xs_diagnosis *d)
{
	__u32 larger = xs_netif_larger_rx_ring(d->netif.name);

	return larger ? xs_fix(d, "a larger ring: ethtool -G %s rx %u, or more queues",
			       d->netif.name, larger)
		      : "more queues";
}

/* Before the program, where no rule can help. */
static void find_drops(struct xs_diagnosis *d, const struct xs_queue_facts *facts)
{
	__u64 most = 0, all = 0;
	__u32 worst = 0;

	if (!facts->drops_told)
		return;
	for (__u32 q = 0; q < facts->netif.rx_queues; q++) {
		all += facts->drops[q];
		if (facts->drops[q] > most) {
			most = facts->drops[q];
			worst = q;
		}
	}
	if (all)
		xs_find(d, "drops", XS_LEVEL_WARN, fix_drops(d),
			"%llu frame%s lost before the program, the most, %llu, on queue %u",
			(unsigned long long)all, all == 1 ? " was" : "s were",
			(unsigned long long)most, worst);
	else
		xs_find(d, "drops", XS_LEVEL_OK, "", "no frame was lost before the program");
}

static void find_chains(struct xs_diagnosis *d, const struct xs_pins *pins, const struct led_to *to)
{
	for (__u32 row = 0; row < XS_CHAIN_SLOTS; row++) {
		char name[XS_CHAIN_NAME_MAX] = "?";
		int served;

		if (!(to->chains & 1u << row))
			continue;
		xs_chain_of_row(pins, row, name);
		served = xs_chain_served(pins, row);
		if (served < 0)
			continue;
		if ((__u32)served >= d->netif.rx_queues)
			xs_find(d, "chains", XS_LEVEL_OK, "", "chain %s is served on each queue",
				name);
		else
			xs_find(d, "chains", XS_LEVEL_WARN,
				xs_fix(d, "xsteer-chain run %s FILE", d->netif.name),
				"rules send frames into chain %s, "
				"which is served on %d of %u queues",
				name, served, d->netif.rx_queues);
	}
}

/* RSS spreads over every queue: frames of a queue without a socket go to the kernel, or nowhere. */
static void check_slots(struct xs_diagnosis *d, const struct xs_pins *pins,
			const struct xs_queue_facts *facts)
{
	struct led_to to = { .slots = calloc(pins->slots, sizeof(*to.slots)) };
	struct slots_seen seen;

	if (!to.slots)
		return;
	find_led_to(pins, facts, &to);
	seen = look_at_slots(pins, facts, &to);
	find_sockets(d, pins, &to, &seen, facts->others_told);
	find_chains(d, pins, &to);
	free(to.slots);
}

/* What `queues` shows, too. */
void xs_check_sockets(struct xs_diagnosis *d)
{
	/* Without diagnostics: what may not be read is reported where it matters. */
	struct xsteer_ctx *quiet = xsteer_ctx_new(d->cli->pin_root, NULL, NULL);
	struct xs_queue_facts facts;
	struct xs_pins pins = {};
	int err;

	if (d->no_pins || !quiet) {
		xsteer_ctx_free(quiet);
		return;
	}
	err = xs_pins_open(quiet, &pins, d->netif.name, XS_PINS_READ);
	if (err == -ENOENT)
		xs_find(d, "sockets", XS_LEVEL_OK, "",
			"no instance, so no queue waits for a bouncer");
	if (!xs_queue_facts_read(quiet, d->netif.name, err ? NULL : &pins, &facts)) {
		if (!err)
			check_slots(d, &pins, &facts);
		find_drops(d, &facts);
		xs_queue_facts_free(&facts);
	}
	xs_pins_close(&pins);
	xsteer_ctx_free(quiet);
}
