// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Opens and closes the targets that the rules of a set send frames to; see targets.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/base/ctx.h"
#include "lib/instance/chain_slots.h"
#include "lib/instance/place.h"
#include "limits.h"
#include "mapped.h"
#include "read.h"
#include "targets.h"

#define CPU_QUEUE_FRAMES 2048 /* in a cpu_map entry; a burst of a NIC ring fits */

/* The place of an action in the file, for messages: "FILE:LINE" or "default". */
static const char *where(const struct xs_ruleset *rules, const struct xs_rule *rule, char *text,
			 size_t len)
{
	if (rule)
		snprintf(text, len, "%s:%u", rules->files[rule->file], rule->line);
	else
		snprintf(text, len, "default");
	return text;
}

static int open_dev(const struct xs_pins *pins, struct xs_action *action, const char *ifname,
		    const char *place)
{
	__u32 ifindex;
	int err = xs_interface_index(ifname, &ifindex);

	if (err == -ENODEV)
		xs_err(pins->ctx, "%s: dev %s: no such interface; 'ip link' lists them", place,
		       ifname);
	else if (err)
		xs_err(pins->ctx, "%s: dev %s: cannot ask for the interface: %s", place, ifname,
		       strerror(-err));
	if (err)
		return err;
	action->target = ifindex;
	if (!bpf_map_update_elem(pins->map_fds[XS_MAP_dev_map], &ifindex, &ifindex, BPF_ANY))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "%s: dev %s: the kernel does not accept it as a target: %s%s", place,
	       ifname, strerror(-err),
	       err == -E2BIG ? ": these rules and those in force name too many" : "");
	return err;
}

/*
 * Writing the entry again would make another one with a thread of its own. It would
 * overtake frames of a flow that wait in the old one.
 */
static bool has_cpu(const struct xs_pins *pins, __u32 cpu)
{
	__u32 frames;

	return !bpf_map_lookup_elem(pins->map_fds[XS_MAP_cpu_map], &cpu, &frames) &&
	       frames == CPU_QUEUE_FRAMES;
}

static int open_cpu(const struct xs_pins *pins, __u32 cpu, const char *place)
{
	const __u32 frames = CPU_QUEUE_FRAMES;
	int err, cpus = libbpf_num_possible_cpus();

	if (cpus > 0 && cpu >= (__u32)cpus) {
		xs_err(pins->ctx, "%s: cpu %u: this machine has CPUs 0 to %d", place, cpu,
		       cpus - 1);
		return -ERANGE;
	}
	if (has_cpu(pins, cpu) ||
	    !bpf_map_update_elem(pins->map_fds[XS_MAP_cpu_map], &cpu, &frames, BPF_ANY))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "%s: cpu %u: the kernel does not accept it as a target: %s", place, cpu,
	       strerror(-err));
	return err;
}

static int open_cpus(const struct xs_pins *pins, const struct xs_spread *spread, const char *place)
{
	int err = 0;

	for (__u32 i = 0; !err && i < spread->cnt; i++)
		err = open_cpu(pins, spread->member[i], place);
	return err;
}

struct opening {
	const struct xs_pins *pins;
	const struct xs_ruleset *rules;
	bool is_open[XS_SPREADS_MAX]; /* sets of CPUs, of which many rules may name the same */
};

static int open_spread(struct opening *opening, __u32 number, const char *place)
{
	int err = 0;

	if (!opening->is_open[number])
		err = open_cpus(opening->pins, &opening->rules->spreads[number], place);
	opening->is_open[number] = !err;
	return err;
}

static int open_target(struct opening *opening, struct xs_action *action, const char *name,
		       const char *place)
{
	const struct xs_pins *pins = opening->pins;

	if (action->verdict == XS_VERDICT_dev)
		return open_dev(pins, action, name, place);
	if (action->verdict == XS_VERDICT_chain)
		return xs_chain_take(pins, name, &action->target);
	if (action->verdict == XS_VERDICT_cpu && action->own_slot == XS_SLOT_SPREAD)
		return open_spread(opening, action->target, place);
	if (action->verdict == XS_VERDICT_cpu)
		return open_cpu(pins, action->target, place);
	if (action->verdict == XS_VERDICT_xsk && !action->own_slot &&
	    action->target >= pins->slots) {
		xs_err(pins->ctx, "%s: slot %u: the instance has slots 0 to %u", place,
		       action->target, pins->slots - 1);
		return -ERANGE;
	}
	return 0;
}

int xs_targets_open(const struct xs_pins *pins, struct xs_ruleset *rules)
{
	struct opening opening = { .pins = pins, .rules = rules };
	char place[512];
	int err;

	for (__u32 i = 0; i < rules->rule_cnt; i++) {
		struct xs_rule *rule = &rules->rules[i];

		err = open_target(&opening, &rule->action, rule->target_name,
				  where(rules, rule, place, sizeof(place)));
		if (err)
			return err;
	}
	return open_target(&opening, &rules->default_action, rules->default_target_name, "default");
}

struct open_devs {
	struct open_dev {
		__u32 ifindex;
		bool is_named;
	} devs[XS_DEV_MAX];
	__u32 cnt;
};

static int by_ifindex(const void *a, const void *b)
{
	const struct open_dev *x = a, *y = b;

	return x->ifindex < y->ifindex ? -1 : x->ifindex > y->ifindex;
}

/*
 * If an interface is deleted, its entry is deleted, too. If that was the key to
 * continue from, the kernel starts again; so there may be duplicates, and no end.
 */
static void read_devs(const struct xs_pins *pins, struct open_devs *open)
{
	__u32 ifindex, *from = NULL;

	for (open->cnt = 0; open->cnt < XS_DEV_MAX; open->cnt++) {
		if (bpf_map_get_next_key(pins->map_fds[XS_MAP_dev_map], from, &ifindex))
			break;
		open->devs[open->cnt] = (struct open_dev){ .ifindex = ifindex };
		from = &ifindex;
	}
	qsort(open->devs, open->cnt, sizeof(open->devs[0]), by_ifindex);
}

static void mark_dev(struct open_devs *open, const struct xs_action *action)
{
	const struct open_dev key = { .ifindex = action->target };
	struct open_dev *dev;

	if (action->verdict != XS_VERDICT_dev)
		return;
	dev = bsearch(&key, open->devs, open->cnt, sizeof(key), by_ifindex);
	if (dev)
		dev->is_named = true;
}

static void mark_devs_of(struct open_devs *open, const struct xs_set_header *set)
{
	if (!set)
		return;
	mark_dev(open, &set->default_action);
	for (__u32 i = 0; i < set->rule_cnt; i++)
		mark_dev(open, &xs_set_rules(set)[i].action);
}

/* Returns a bit for each row of `chains` that the set names. */
static __u32 rows_of(const struct xs_pins *pins, const struct xs_action *action)
{
	if (action->verdict != XS_VERDICT_chain || action->target < pins->slots)
		return 0;
	return 1u << (action->target / pins->slots - 1) % XS_CHAIN_SLOTS;
}

static __u32 rows_named(const struct xs_pins *pins, const struct xs_set_header *set)
{
	__u32 rows = set ? rows_of(pins, &set->default_action) : 0;

	for (__u32 i = 0; set && i < set->rule_cnt; i++)
		rows |= rows_of(pins, &xs_set_rules(set)[i].action);
	return rows;
}

static void close_unnamed_chains(const struct xs_pins *pins, const struct xs_set_header *now,
				 const struct xs_set_header *back)
{
	__u32 rows = rows_named(pins, now) | rows_named(pins, back);

	for (__u32 row = 0; row < XS_CHAIN_SLOTS; row++)
		if (!(rows & 1u << row))
			xs_chain_give_up(pins, row);
}

static bool spreads_to_cpu(const struct xs_set_header *set, __u32 number, __u32 cpu)
{
	const struct xs_set_spread *spread = xs_set_spreads(set);

	if (!spread || number >= set->spread_cnt)
		return false;
	spread += number;
	for (__u32 i = 0; i < spread->cnt && i < XS_SPREAD_MEMBERS; i++)
		if (spread->member[i] == cpu)
			return true;
	return false;
}

static bool sends_to_cpu(const struct xs_set_header *set, const struct xs_action *action, __u32 cpu)
{
	if (action->verdict != XS_VERDICT_cpu)
		return false;
	return action->own_slot == XS_SLOT_SPREAD ? spreads_to_cpu(set, action->target, cpu)
						  : action->target == cpu;
}

static bool names_cpu(const struct xs_set_header *set, __u32 cpu)
{
	bool named = set && sends_to_cpu(set, &set->default_action, cpu);

	for (__u32 i = 0; set && !named && i < set->rule_cnt; i++)
		named = sends_to_cpu(set, &xs_set_rules(set)[i].action, cpu);
	return named;
}

/* Each entry has a kernel thread. */
static void close_unnamed_cpus(const struct xs_pins *pins, const struct xs_set_header *now,
			       const struct xs_set_header *back)
{
	int cpus = libbpf_num_possible_cpus(), fd = pins->map_fds[XS_MAP_cpu_map];
	__u32 frames;

	for (__u32 cpu = 0; cpus > 0 && cpu < (__u32)cpus; cpu++)
		if (!bpf_map_lookup_elem(fd, &cpu, &frames) && frames && !names_cpu(now, cpu) &&
		    !names_cpu(back, cpu))
			bpf_map_delete_elem(fd, &cpu);
}

static void close_unnamed_devs(const struct xs_pins *pins, const struct xs_set_header *now,
			       const struct xs_set_header *back)
{
	struct open_devs open;

	read_devs(pins, &open);
	mark_devs_of(&open, now);
	mark_devs_of(&open, back);
	for (__u32 i = 0; i < open.cnt; i++)
		if (!open.devs[i].is_named)
			bpf_map_delete_elem(pins->map_fds[XS_MAP_dev_map], &open.devs[i].ifindex);
}

void xs_targets_close_unnamed(const struct xs_pins *pins)
{
	struct xs_mapped_set now, back;

	if (xs_mapped_open(pins, XS_SET_IN_FORCE, PROT_READ, &now))
		return;
	if (!xs_mapped_open(pins, XS_SET_FALLBACK, PROT_READ, &back)) {
		close_unnamed_devs(pins, now.header, back.header);
		close_unnamed_cpus(pins, now.header, back.header);
		close_unnamed_chains(pins, now.header, back.header);
		xs_limits_close_unnamed(pins, now.header, back.header);
	}
	xs_mapped_close(&back);
	xs_mapped_close(&now);
}
