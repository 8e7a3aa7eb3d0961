// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What changes on instances; see events.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "lib/base/ran_out.h"
#include "lib/instance/dir.h"
#include "lib/instance/live.h"
#include "lib/instance/owners.h"
#include "lib/instance/trace.h"
#include "lib/net/identity.h"
#include "lib/net/netif.h"
#include "lib/set/mapped.h"
#include "events.h"

const char *const xs_event_names[XS_EVENT_MAX] = {
#define X(name) #name,
	XS_EVENTS(X)
#undef X
};

/* ---- what is there ---- */

static __u32 id_in_slot(const struct xs_pins *pins, __u32 slot)
{
	__u32 id = 0;

	return bpf_map_lookup_elem(pins->map_fds[XS_MAP_rule_sets], &slot, &id) ? 0 : id;
}

/* 0; or -errno: they cannot be asked now. */
static int look_at_rules(const struct xs_pins *pins, struct xs_seen_rules *rules)
{
	struct xs_mapped_set set;
	struct xs_sets_seen seen;
	__u64 confirm_ns;
	int err;

	rules->set_id = id_in_slot(pins, XS_SET_IN_FORCE);
	rules->fallback_id = id_in_slot(pins, XS_SET_FALLBACK);
	rules->generation = pins->meta.generation;
	err = xs_mapped_open_current(pins, &set, &seen, &rules->rolled_back, &confirm_ns);
	if (err)
		return xs_ran_out(err) ? err : 0;
	rules->known = true;
	rules->confirm_sec = confirm_ns / 1e9;
	if (set.header) {
		rules->generation = set.header->generation;
		rules->rule_cnt = set.header->rule_cnt;
	}
	xs_mapped_close(&set);
	return 0;
}

static int look_at_owners(const struct xs_pins *pins, struct xs_seen *seen)
{
	seen->slots = pins->all_slots;
	seen->owners = xs_owners_get(pins, 0, pins->all_slots);
	if (!seen->owners)
		return -errno;
	seen->alive = calloc(pins->all_slots + 1, sizeof(*seen->alive));
	if (!seen->alive)
		return -ENOMEM;
	for (__u32 slot = 0; slot < pins->all_slots; slot++)
		seen->alive[slot] = seen->owners[slot].pid && xs_owner_alive(&seen->owners[slot]);
	return 0;
}

static void free_seen(struct xs_seen *seen)
{
	free(seen->dir);
	free(seen->owners);
	free(seen->alive);
}

/* 1: *seen is filled; 0: it is not in force, or went meanwhile; -errno: it cannot be asked. */
static int look_at(const struct xs_pins *pins, struct xs_seen *seen)
{
	struct xs_netif netif;
	struct xs_live live;
	int err;

	*seen = (struct xs_seen){ .ifindex = pins->meta.ifindex, .version = pins->meta.version };
	err = xs_instance_live(pins, &live);
	if (!err && !live.attached)
		return 0;
	if (!err)
		err = xs_netif_name(seen->ifindex, seen->ifname);
	if (!err)
		err = xs_netif_get(pins->ctx, &netif, seen->ifname);
	if (err)
		return err == -ENODEV ? 0 : err;
	seen->prog_id = xs_trace_plain_id(pins, live.prog_id); /* a trace is no upgrade */
	seen->native = live.native;
	seen->rx_queues = netif.rx_queues;
	seen->maps_id = xs_map_id(pins->map_fds[XS_MAP_xdp_stats_map]);
	seen->dir = strdup(pins->dir);
	err = seen->dir ? look_at_rules(pins, &seen->rules) : -ENOMEM;
	if (!err)
		err = look_at_owners(pins, seen);
	if (err)
		free_seen(seen);
	return err ? err : 1;
}

struct reading {
	struct xs_seen_list list;
	const struct xs_seen_list *before;
	__u32 only;
};

static bool was_seen(const struct xs_seen_list *before, const char *dir)
{
	for (__u32 i = 0; i < before->cnt; i++)
		if (!strcmp(before->rows[i].dir, dir))
			return true;
	return false;
}

/* 0: it is left out; or -errno: that it may not be looked at would be taken for its end. */
static int leave_out(struct reading *reading, const char *dir, int err)
{
	if (xs_ran_out(err))
		return err;
	if (err != -EACCES && err != -EPERM)
		return 0;
	if (was_seen(reading->before, dir))
		return err;
	reading->list.hidden++;
	return 0;
}

static int read_one(struct xsteer_ctx *quiet, const char *dir, void *arg)
{
	struct reading *reading = arg;
	struct xs_seen *more;
	struct xs_pins pins;
	int got;

	if (xs_pins_is_elsewhere(dir))
		return 0;
	got = xs_pins_open_dir(quiet, &pins, dir, XS_PINS_READ);
	if (got)
		return leave_out(reading, dir, got);
	more = realloc(reading->list.rows, (reading->list.cnt + 1) * sizeof(*more));
	if (more)
		reading->list.rows = more;
	got = !more ? -ENOMEM
	      : reading->only && pins.meta.ifindex != reading->only
		      ? 0
		      : look_at(&pins, &more[reading->list.cnt]);
	reading->list.cnt += got > 0;
	xs_pins_close(&pins);
	return got < 0 ? leave_out(reading, dir, got) : 0;
}

static int by_ifindex(const void *a, const void *b)
{
	const struct xs_seen *x = a, *y = b;

	return x->ifindex < y->ifindex ? -1 : x->ifindex > y->ifindex;
}

int xs_seen_read(struct xsteer_ctx *quiet, __u32 only, const struct xs_seen_list *before,
		 struct xs_seen_list *list)
{
	struct reading reading = { .only = only, .before = before };
	int err = xs_pins_each(quiet, read_one, &reading);

	if (err) {
		xs_seen_free(&reading.list);
		return err;
	}
	if (reading.list.cnt)
		qsort(reading.list.rows, reading.list.cnt, sizeof(*reading.list.rows), by_ifindex);
	*list = reading.list;
	return 0;
}

void xs_seen_free(struct xs_seen_list *list)
{
	for (__u32 i = 0; i < list->cnt; i++)
		free_seen(&list->rows[i]);
	free(list->rows);
	*list = (struct xs_seen_list){};
}

/* ---- what happened ---- */

struct telling {
	xs_event_fn tell;
	void *arg;
	const struct xs_seen *before, *now;
};

static void tell(const struct telling *to, enum xs_event_kind kind)
{
	const struct xs_event event = { .kind = kind, .seen = to->now, .before = to->before };

	to->tell(&event, to->arg);
}

static void tell_owner(const struct telling *to, enum xs_event_kind kind, __u32 slot,
		       const struct xs_owner *owner)
{
	const struct xs_event event = {
		.kind = kind, .seen = to->now, .before = to->before, .slot = slot, .owner = owner
	};

	to->tell(&event, to->arg);
}

/*
 * A rollback shows twice: its deadline passes, and the next command makes it permanent,
 * which puts the fallback into the first slot. Where both are seen at once it is told once,
 * and never as an apply.
 */
static void compare_rules(const struct telling *to)
{
	const struct xs_seen_rules *was = &to->before->rules, *is = &to->now->rules;

	if (was->set_id != is->set_id) {
		if (was->rolled_back || (was->confirm_sec > 0 && is->set_id == was->fallback_id)) {
			if (!was->rolled_back)
				tell(to, XS_EVENT_rolled_back);
			return;
		}
		tell(to, XS_EVENT_apply);
		if (is->rolled_back)
			tell(to, XS_EVENT_rolled_back);
		return;
	}
	if (is->rolled_back && !was->rolled_back)
		tell(to, XS_EVENT_rolled_back);
	else if (was->confirm_sec > 0 && is->known && is->confirm_sec == 0)
		tell(to, XS_EVENT_confirmed);
}

static bool is_same_owner(const struct xs_owner *a, const struct xs_owner *b)
{
	return a->pid == b->pid && a->start_time == b->start_time && a->since_ns == b->since_ns;
}

/* Rows without a pid are nobody's: free, or of a process that is still about to come. */
static void compare_owner(const struct telling *to, __u32 slot)
{
	static const struct xs_owner nobody;
	const struct xs_owner *was = slot < to->before->slots ? &to->before->owners[slot] : &nobody;
	const struct xs_owner *is = slot < to->now->slots ? &to->now->owners[slot] : &nobody;
	bool was_alive = was->pid && to->before->alive[slot];
	bool is_alive = is->pid && to->now->alive[slot];

	if (was->pid && is_same_owner(was, is)) {
		if (was_alive && !is_alive)
			tell_owner(to, XS_EVENT_owner_died, slot, was);
		return;
	}
	if (was_alive)
		tell_owner(to,
			   xs_owner_alive(was) || !is->pid ? XS_EVENT_owner_left
							   : XS_EVENT_owner_died,
			   slot, was);
	if (is->pid)
		tell_owner(to, XS_EVENT_owner_came, slot, is);
	if (is->pid && !is_alive)
		tell_owner(to, XS_EVENT_owner_died, slot, is);
}

static void compare_owners(const struct telling *to)
{
	__u32 slots = to->before->slots > to->now->slots ? to->before->slots : to->now->slots;

	for (__u32 slot = 0; slot < slots; slot++)
		compare_owner(to, slot);
}

static void compare(const struct telling *to)
{
	if (to->before->maps_id != to->now->maps_id) {
		tell(to, XS_EVENT_detach);
		tell(to, XS_EVENT_attach);
		return;
	}
	if (strcmp(to->before->ifname, to->now->ifname) != 0)
		tell(to, XS_EVENT_renamed);
	if (to->before->prog_id != to->now->prog_id)
		tell(to, XS_EVENT_upgrade);
	if (to->before->rx_queues != to->now->rx_queues)
		tell(to, XS_EVENT_queues);
	compare_rules(to);
	compare_owners(to);
}

static void tell_gone(const struct telling *to)
{
	char name[16];

	tell(to, xs_netif_name(to->now->ifindex, name) == -ENODEV ? XS_EVENT_interface_gone
								  : XS_EVENT_detach);
}

void xs_events_tell(const struct xs_seen_list *before, const struct xs_seen_list *now,
		    xs_event_fn tell_fn, void *arg)
{
	__u32 b = 0, n = 0;

	while (b < before->cnt || n < now->cnt) {
		struct telling to = { .tell = tell_fn, .arg = arg };
		__u32 was = b < before->cnt ? before->rows[b].ifindex : ~0U;
		__u32 is = n < now->cnt ? now->rows[n].ifindex : ~0U;

		if (was <= is)
			to.before = &before->rows[b++];
		to.now = is <= was ? &now->rows[n++] : to.before;
		if (was == is)
			compare(&to);
		else if (was < is)
			tell_gone(&to);
		else
			tell(&to, XS_EVENT_attach);
	}
}
