// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The rule sets of an instance; see sets.h. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/base/ctx.h"
#include "counters.h"
#include "read.h"
#include "sets.h"

#define CPU_QUEUE_FRAMES 2048 /* of a cpu_map entry: a burst of a NIC ring fits */

static __u64 monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* ---- one set in kernel memory ---- */

struct mapped_set {
	int fd; /* of the inner map; -1: none */
	struct xs_set_header *header;
	size_t bytes;
	__u32 id; /* of the inner map; 0: none */
};

#define NO_SET ((struct mapped_set){ .fd = -1 })

static void unmap_set(struct mapped_set *set)
{
	if (set->header)
		munmap(set->header, set->bytes);
	if (set->fd >= 0)
		close(set->fd);
	*set = NO_SET;
}

static int map_set(struct mapped_set *set, __u32 chunks, int prot)
{
	void *mapping;

	set->bytes = (size_t)chunks * XS_CHUNK_BYTES;
	mapping = mmap(NULL, set->bytes, prot, MAP_SHARED, set->fd, 0);
	if (mapping == MAP_FAILED)
		return -errno;
	set->header = mapping;
	return 0;
}

/* The set in a slot of rule_sets. 0 with set->fd -1 if the slot is empty. */
static int open_set(const struct xs_pins *pins, __u32 slot, int prot, struct mapped_set *set)
{
	struct bpf_map_info info = {};
	__u32 id, len = sizeof(info);
	int err;

	*set = NO_SET;
	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_rule_sets], &slot, &id))
		return errno == ENOENT ? 0 : -errno;
	set->id = id;
	set->fd = bpf_map_get_fd_by_id(id);
	if (set->fd < 0)
		return -errno;
	err = bpf_obj_get_info_by_fd(set->fd, &info, &len) ? -errno : 0;
	if (!err)
		err = map_set(set, info.max_entries, prot);
	if (!err && !xs_set_valid(set->header, set->bytes))
		err = -EPROTO;
	if (err)
		unmap_set(set);
	set->id = id; /* of one that cannot be read, too */
	return err;
}

static int log_set_error(const struct xs_pins *pins, int err)
{
	if (err)
		xs_err(pins->ctx, "cannot read %s/rule_sets: %s%s", pins->dir, strerror(-err),
		       err == -EPROTO  ? ": written by another version of xsteer"
		       : err == -EPERM ? ": needs CAP_SYS_ADMIN, run as root"
				       : "");
	return err;
}

static int create_set(struct xsteer_ctx *ctx, const struct xs_rule_blob *blob,
		      struct mapped_set *set)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	int err;

	*set = NO_SET;
	set->fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rule_set", sizeof(__u32), XS_CHUNK_BYTES,
				 blob->chunk_cnt, &opts);
	err = set->fd < 0 ? -errno : map_set(set, blob->chunk_cnt, PROT_READ | PROT_WRITE);
	if (err) {
		unmap_set(set);
		xs_err(ctx, "cannot make a map for the rule set (%u chunks of %u MiB): %s",
		       blob->chunk_cnt, XS_CHUNK_BYTES >> 20, strerror(-err));
		return err;
	}
	memcpy(set->header, blob->bytes, blob->size);
	return 0;
}

static int put_slot(const struct xs_pins *pins, __u32 slot, int set_fd)
{
	int fd = pins->map_fds[XS_MAP_rule_sets];
	int err = set_fd >= 0 ? bpf_map_update_elem(fd, &slot, &set_fd, BPF_ANY)
			      : bpf_map_delete_elem(fd, &slot);

	if (!err || (set_fd < 0 && errno == ENOENT))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot write slot %u of %s/rule_sets: %s", slot, pins->dir,
	       strerror(-err));
	return err;
}

/* To be confirmed, or rolled back; or it is over already. */
static bool waits(const struct xs_set_header *set)
{
	return set && set->deadline_ns && set->deadline_ns != XS_SET_CONFIRMED;
}

static bool is_over(const struct xs_set_header *set)
{
	return waits(set) && set->deadline_ns < monotonic_ns();
}

/* What a look at rule_sets found there; 0: nothing. */
struct seen {
	__u32 ids[2];
};

/*
 * The set that frames are classified by now, as open_set(). *confirm_ns: left until
 * it is rolled back; 0: nothing waits, or, with *rolled_back, it is over.
 */
static int open_current(const struct xs_pins *pins, struct mapped_set *set, struct seen *seen,
			bool *rolled_back, __u64 *confirm_ns)
{
	__u64 time = monotonic_ns();
	int err = open_set(pins, XS_SET_IN_FORCE, PROT_READ, set);

	*seen = (struct seen){ .ids[XS_SET_IN_FORCE] = set->id };
	*rolled_back = !err && waits(set->header) && set->header->deadline_ns < time;
	*confirm_ns = !err && waits(set->header) && !*rolled_back ? set->header->deadline_ns - time
								  : 0;
	if (*rolled_back) {
		unmap_set(set);
		err = open_set(pins, XS_SET_FALLBACK, PROT_READ, set);
		seen->ids[XS_SET_FALLBACK] = set->id;
	}
	return err;
}

__u64 xs_rule_sets_generation(const struct xs_pins *pins)
{
	struct mapped_set set;
	struct seen seen;
	__u64 generation, confirm_ns;
	bool rolled_back;

	if (open_current(pins, &set, &seen, &rolled_back, &confirm_ns) || !set.header)
		return rolled_back ? 0 : pins->meta.generation;
	generation = set.header->generation;
	unmap_set(&set);
	return generation;
}

/* ---- interfaces that no rule names any more ---- */

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
 * An interface that is deleted takes its entry along; if that was the key to go
 * on from, the kernel starts again, so there may be doubles, and no end.
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

static bool names_cpu(const struct xs_set_header *set, __u32 cpu)
{
	bool named = set && set->default_action.verdict == XS_VERDICT_cpu &&
		     set->default_action.target == cpu;

	for (__u32 i = 0; set && !named && i < set->rule_cnt; i++)
		named = xs_set_rules(set)[i].action.verdict == XS_VERDICT_cpu &&
			xs_set_rules(set)[i].action.target == cpu;
	return named;
}

/* Each entry has a thread of the kernel's. */
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

/*
 * What neither the set in force nor the fallback names is taken out of dev_map and
 * cpu_map. For after a switch, when no frame is in another set: the kernel has waited
 * for them (RCU). Not worth an error: it is done again after the next one.
 */
static void close_unnamed_targets(const struct xs_pins *pins)
{
	struct mapped_set now, back;

	if (open_set(pins, XS_SET_IN_FORCE, PROT_READ, &now))
		return;
	if (!open_set(pins, XS_SET_FALLBACK, PROT_READ, &back)) {
		close_unnamed_devs(pins, now.header, back.header);
		close_unnamed_cpus(pins, now.header, back.header);
	}
	unmap_set(&back);
	unmap_set(&now);
}

/* ---- settling what was left behind ---- */

/*
 * The pin of the counters, staged before the switch, and meta follow the set in
 * force. meta comes last: where it does not agree with the set, tidy() repairs.
 */
static int publish(struct xs_pins *pins, const struct xs_set_header *header)
{
	int err;

	if (!pins->dir[0])
		return 0;
	err = xs_rule_counters_publish(pins);
	if (err)
		return err;
	pins->meta.generation = header->generation;
	pins->meta.default_action = header->default_action;
	pins->meta.malformed_action = header->malformed_action;
	return xs_meta_set(pins);
}

static int roll_back(struct xs_pins *pins, struct mapped_set *over, struct mapped_set *back)
{
	struct xs_set_header none = { .generation = over->header->generation + 1,
				      .stats_slot = XS_STATS_SLOTS,
				      .default_action = xs_builtin_default(pins) };
	const struct xs_set_header *header = back->header ? back->header : &none;
	int err;

	err = xs_rule_counters_stage(pins, header->stats_slot);
	if (err)
		return err;
	if (back->header)
		back->header->generation = none.generation;
	err = put_slot(pins, XS_SET_IN_FORCE, back->fd);
	if (!err)
		err = put_slot(pins, XS_SET_FALLBACK, -1);
	if (!err)
		close_unnamed_targets(pins);
	if (!err)
		err = publish(pins, header);
	if (!err)
		xs_note(pins->ctx,
			"%s: rule set %llu was not confirmed in time and has been rolled back",
			pins->ifname, over->header->generation);
	return err ? err : 1;
}

static int tidy(struct xs_pins *pins, const struct mapped_set *now)
{
	int err = put_slot(pins, XS_SET_FALLBACK, -1);

	/* an apply that was killed, or failed, after its switch */
	if (err || !now->header || pins->meta.generation == now->header->generation)
		return err;
	err = xs_rule_counters_stage(pins, now->header->stats_slot);
	return err ? err : publish(pins, now->header);
}

int xs_rule_sets_settle(struct xs_pins *pins)
{
	struct mapped_set now, back;
	int err;

	err = open_set(pins, XS_SET_IN_FORCE, PROT_READ, &now);
	if (!err)
		err = open_set(pins, XS_SET_FALLBACK, PROT_READ | PROT_WRITE, &back);
	else
		back = NO_SET;
	if (log_set_error(pins, err))
		goto out;
	if (!waits(now.header))
		err = tidy(pins, &now);
	else if (is_over(now.header))
		err = roll_back(pins, &now, &back);
out:
	unmap_set(&back);
	unmap_set(&now);
	return err;
}

static int too_late(const struct xs_pins *pins)
{
	xs_err(pins->ctx, "%s: too late to confirm", pins->ifname);
	return -ETIMEDOUT;
}

/*
 * The deadline goes before the time is looked at, so it cannot pass in between:
 * if it had passed, frames have met the fallback already, and it is put back.
 */
static int keep_set(struct xs_pins *pins, struct mapped_set *now)
{
	__u64 *deadline_ns = &now->header->deadline_ns;
	__u64 until = __atomic_exchange_n(deadline_ns, XS_SET_CONFIRMED, __ATOMIC_SEQ_CST);
	int err;

	if (until >= monotonic_ns()) {
		err = put_slot(pins, XS_SET_FALLBACK, -1);
		if (!err)
			close_unnamed_targets(pins);
		return err;
	}
	__atomic_store_n(deadline_ns, until, __ATOMIC_SEQ_CST);
	err = xs_rule_sets_settle(pins);
	return err < 0 ? err : too_late(pins);
}

int xs_rule_sets_confirm(struct xs_pins *pins)
{
	struct mapped_set now;
	int err;

	err = xs_rule_sets_settle(pins);
	if (err)
		return err < 0 ? err : too_late(pins);
	err = open_set(pins, XS_SET_IN_FORCE, PROT_READ | PROT_WRITE, &now);
	if (log_set_error(pins, err))
		return err;
	if (!waits(now.header)) {
		xs_err(pins->ctx, "%s: no rule set waits to be confirmed", pins->ifname);
		/* what a confirm that was killed has not come to */
		close_unnamed_targets(pins);
		err = -ENOENT;
	} else {
		err = keep_set(pins, &now);
	}
	unmap_set(&now);
	return err;
}

/* ---- apply ---- */

struct xs_action xs_builtin_default(const struct xs_pins *pins)
{
	bool drop = pins->meta.flags & XS_META_XSK_DROP;

	return (struct xs_action){ .verdict = XS_VERDICT_xsk,
				   .otherwise = drop ? XS_VERDICT_drop : XS_VERDICT_pass,
				   .own_slot = 1 };
}

/* Where an action stands in the file, for messages: "FILE:LINE" or "default". */
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
	__u32 ifindex = if_nametoindex(ifname);
	int err;

	if (!ifindex) {
		xs_err(pins->ctx, "%s: dev %s: no such interface; 'ip link' lists them", place,
		       ifname);
		return -ENODEV;
	}
	action->target = ifindex;
	if (!bpf_map_update_elem(pins->map_fds[XS_MAP_dev_map], &ifindex, &ifindex, BPF_ANY))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "%s: dev %s: the kernel does not take it as a target: %s%s", place,
	       ifname, strerror(-err),
	       err == -E2BIG ? ": these rules and those in force name too many" : "");
	return err;
}

/*
 * Written again, the entry would be another with a thread of its own, and the
 * frames of a flow that wait in the old one would be overtaken.
 */
static bool has_cpu(const struct xs_pins *pins, __u32 cpu)
{
	__u32 frames;

	return !bpf_map_lookup_elem(pins->map_fds[XS_MAP_cpu_map], &cpu, &frames) &&
	       frames == CPU_QUEUE_FRAMES;
}

static int open_cpu(const struct xs_pins *pins, const struct xs_action *action, const char *place)
{
	const __u32 frames = CPU_QUEUE_FRAMES, cpu = action->target;
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
	xs_err(pins->ctx, "%s: cpu %u: the kernel does not take it as a target: %s", place, cpu,
	       strerror(-err));
	return err;
}

static int open_target(const struct xs_pins *pins, struct xs_action *action, const char *ifname,
		       const char *place)
{
	if (action->verdict == XS_VERDICT_dev)
		return open_dev(pins, action, ifname, place);
	if (action->verdict == XS_VERDICT_cpu)
		return open_cpu(pins, action, place);
	if (action->verdict == XS_VERDICT_xsk && !action->own_slot &&
	    action->target >= pins->slots) {
		xs_err(pins->ctx, "%s: slot %u: the instance has slots 0 to %u", place,
		       action->target, pins->slots - 1);
		return -ERANGE;
	}
	return 0;
}

static int open_targets(const struct xs_pins *pins, struct xs_ruleset *rules)
{
	char place[512];
	int err;

	for (__u32 i = 0; i < rules->rule_cnt; i++) {
		struct xs_rule *rule = &rules->rules[i];

		err = open_target(pins, &rule->action, rule->ifname,
				  where(rules, rule, place, sizeof(place)));
		if (err)
			return err;
	}
	return open_target(pins, &rules->default_action, rules->default_ifname, "default");
}

struct applying {
	struct xs_pins *pins;
	struct mapped_set next, now, back; /* back: of an earlier apply, not yet confirmed */
	struct xs_rule_counters counters, old_counters;
	struct xs_rule_pairs pairs; /* rules whose text did not change */
	__u32 confirm_sec;
};

static __u32 free_stats_slot(const struct applying *apply)
{
	for (__u32 slot = 0;; slot++)
		if ((!apply->now.header || apply->now.header->stats_slot != slot) &&
		    (!apply->back.header || apply->back.header->stats_slot != slot))
			return slot; /* XS_STATS_SLOTS is more than two */
}

static int prepare(struct applying *apply)
{
	struct xs_pins *pins = apply->pins;
	struct xs_set_header *header = apply->next.header;
	int err;

	header->generation = pins->meta.generation + 1;
	if (apply->now.header && header->generation <= apply->now.header->generation)
		header->generation = apply->now.header->generation + 1;
	header->stats_slot = free_stats_slot(apply);
	header->deadline_ns =
		apply->confirm_sec ? monotonic_ns() + apply->confirm_sec * 1000000000ULL : 0;
	err = xs_rule_counters_create(apply->pins->ctx, &apply->counters, header->rule_cnt);
	if (!err && apply->now.header)
		err = xs_rule_counters_open(&apply->old_counters, pins,
					    apply->now.header->stats_slot,
					    apply->now.header->rule_cnt);
	if (!err && apply->now.header)
		err = xs_rule_pairs_find(apply->pins->ctx, &apply->pairs, apply->now.header,
					 header);
	if (!err)
		xs_rule_counters_carry(&apply->counters, &apply->old_counters, &apply->pairs);
	return err ? err : xs_rule_counters_put(&apply->counters, pins, header->stats_slot);
}

static bool is_waiting(const struct applying *apply)
{
	return waits(apply->now.header);
}

/* The switch did not happen: as if nothing had been prepared. */
static void take_back(const struct applying *apply)
{
	const __u32 slot = XS_SET_FALLBACK, stats_slot = apply->next.header->stats_slot;

	xs_rule_counters_unstage(apply->pins);
	bpf_map_delete_elem(apply->pins->map_fds[XS_MAP_rule_stats], &stats_slot);
	if (!is_waiting(apply))
		bpf_map_delete_elem(apply->pins->map_fds[XS_MAP_rule_sets], &slot);
}

/*
 * All that can fail for a reason outside comes before the switch. The fallback,
 * too: from the switch on the data path may need it.
 */
static int put_in_force(struct applying *apply, struct xs_apply *result)
{
	__u64 start;
	int err;

	err = xs_rule_counters_stage(apply->pins, apply->next.header->stats_slot);
	if (!err && apply->confirm_sec && !is_waiting(apply))
		err = put_slot(apply->pins, XS_SET_FALLBACK, apply->now.fd);
	start = monotonic_ns();
	if (!err)
		err = put_slot(apply->pins, XS_SET_IN_FORCE, apply->next.fd);
	result->switch_ns = monotonic_ns() - start;
	if (err)
		take_back(apply);
	return err;
}

/* What no set in force or fallback counts in is given back. */
static void release_stats(const struct applying *apply)
{
	const struct mapped_set *kept = !apply->confirm_sec  ? NULL
					: apply->back.header ? &apply->back
							     : &apply->now;

	for (__u32 slot = 0; slot < XS_STATS_SLOTS; slot++)
		if (slot != apply->next.header->stats_slot &&
		    (!kept || !kept->header || kept->header->stats_slot != slot))
			bpf_map_delete_elem(apply->pins->map_fds[XS_MAP_rule_stats], &slot);
}

/* The set is in force, whatever becomes of this; settling or the next apply makes up for it. */
static void follow_switch(struct applying *apply, struct xs_apply *result)
{
	const struct xs_set_header *header = apply->next.header;
	int fallback_err = 0, err;

	/* no frame is in the old set any more: the kernel has waited for them (RCU) */
	xs_rule_counters_carry(&apply->counters, &apply->old_counters, &apply->pairs);
	if (!apply->confirm_sec)
		fallback_err = put_slot(apply->pins, XS_SET_FALLBACK, -1);
	err = publish(apply->pins, header);
	if (err || fallback_err)
		xs_warn(apply->pins->ctx,
			"%s: rule set %llu is in force all the same; the next apply repairs the "
			"rest",
			apply->pins->ifname, header->generation);
	release_stats(apply);
	result->generation = header->generation;
	result->carried = apply->pairs.cnt;
}

/*
 * Settled once more: compiling takes seconds, and a deadline that passes in them
 * leaves the fallback's counters as the ones to go on from.
 */
static int open_old_sets(struct applying *apply)
{
	int err = xs_rule_sets_settle(apply->pins);

	if (err < 0)
		return err;
	err = open_set(apply->pins, XS_SET_IN_FORCE, PROT_READ, &apply->now);
	if (!err)
		err = open_set(apply->pins, XS_SET_FALLBACK, PROT_READ, &apply->back);
	return log_set_error(apply->pins, err);
}

static int apply_blob(struct applying *apply, const struct xs_rule_blob *blob,
		      struct xs_apply *result)
{
	int err;

	err = create_set(apply->pins->ctx, blob, &apply->next);
	if (!err)
		err = open_old_sets(apply);
	if (!err)
		err = prepare(apply);
	if (!err)
		err = put_in_force(apply, result);
	if (!err)
		follow_switch(apply, result);
	return err;
}

int xs_rule_sets_compile(struct xsteer_ctx *ctx, const struct xs_ruleset *rules,
			 struct xs_rule_blob *blob, struct xs_rule_report *report)
{
	__u64 start = monotonic_ns();
	int err = xs_rule_compile(rules, blob, report);

	report->compile_ns = monotonic_ns() - start;
	if (!err)
		((struct xs_set_header *)blob->bytes)->compile_ns = report->compile_ns;
	else
		xs_err(ctx, "%s", report->error[0] ? report->error : strerror(-err));
	return err;
}

static int put_compiled(struct applying *apply, struct xs_ruleset *rules, struct xs_apply *result)
{
	struct xs_rule_blob blob = {};
	int err;

	err = open_targets(apply->pins, rules);
	if (!err)
		err = xs_rule_sets_compile(apply->pins->ctx, rules, &blob, &result->report);
	if (!err)
		err = apply_blob(apply, &blob, result);
	xs_rule_blob_free(&blob);
	close_unnamed_targets(apply->pins); /* of the old set, or of one that came to nothing */
	return err;
}

int xs_rule_sets_apply(struct xs_pins *pins, struct xs_ruleset *rules, __u32 confirm_sec,
		       struct xs_apply *result)
{
	struct applying apply = { .pins = pins,
				  .next = NO_SET,
				  .now = NO_SET,
				  .back = NO_SET,
				  .counters = XS_NO_COUNTERS,
				  .old_counters = XS_NO_COUNTERS,
				  .confirm_sec = confirm_sec };
	int err;

	*result = (struct xs_apply){};
	if (!rules->default_text)
		rules->default_action = xs_builtin_default(pins);
	err = xs_rule_sets_settle(pins);
	if (err >= 0)
		err = put_compiled(&apply, rules, result);
	xs_rule_pairs_free(&apply.pairs);
	xs_rule_counters_close(&apply.old_counters);
	xs_rule_counters_close(&apply.counters);
	unmap_set(&apply.back);
	unmap_set(&apply.now);
	unmap_set(&apply.next);
	return err;
}

int xs_rule_sets_flush(struct xs_pins *pins, struct xs_apply *result)
{
	char name[] = "-", *files[] = { name };
	struct xs_ruleset none = {
		.files = files,
		.file_cnt = 1,
		.malformed_action = { .verdict = XS_VERDICT_pass },
	};

	return xs_rule_sets_apply(pins, &none, 0, result);
}

/* ---- reading back ---- */

#define READ_TRIES 1000 /* each apply between the steps of a try costs it one */

static int read_counters(const struct xs_pins *pins, struct xs_rules_in_force *now)
{
	struct xs_rule_counters counters;
	int err = xs_rule_counters_try(&counters, pins, now->header->stats_slot,
				       now->header->rule_cnt);

	if (err)
		return err;
	now->stats = xs_rule_counters_sum(&counters);
	xs_rule_counters_close(&counters);
	return now->stats ? 0 : -ENOMEM;
}

static int try_read(const struct xs_pins *pins, struct xs_rules_in_force *now, struct seen *seen)
{
	struct mapped_set set;
	int err;

	*now = (struct xs_rules_in_force){};
	err = open_current(pins, &set, seen, &now->rolled_back, &now->confirm_ns);
	if (err || !set.header)
		return err;
	now->header = set.header;
	now->rules = xs_set_rules(set.header);
	now->mapping = set.header;
	now->mapping_bytes = set.bytes;
	close(set.fd);
	return read_counters(pins, now);
}

/* A set keeps its counters while it is in its slot; the lock is not for readers. */
static bool still_in_force(const struct xs_pins *pins, const struct xs_rules_in_force *now,
			   const struct seen *seen)
{
	for (__u32 slot = 0; slot <= (now->rolled_back ? XS_SET_FALLBACK : XS_SET_IN_FORCE);
	     slot++) {
		__u32 id = 0;

		if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_rule_sets], &slot, &id) &&
		    errno != ENOENT)
			return true; /* it will not get better */
		if (id != seen->ids[slot])
			return false;
	}
	return true;
}

int xs_rule_sets_read(const struct xs_pins *pins, struct xs_rules_in_force *now)
{
	struct seen seen;
	bool steady;
	int err;

	for (int i = 0; i < READ_TRIES; i++) {
		err = try_read(pins, now, &seen);
		steady = still_in_force(pins, now, &seen);
		if (steady)
			break;
		xs_rules_in_force_close(now);
	}
	if (!steady) {
		xs_err(pins->ctx, "%s: other rules are applied all the time: try again",
		       pins->ifname);
		return -EAGAIN;
	}
	if (err && now->header)
		xs_err(pins->ctx, "cannot read slot %u of %s/rule_stats: %s",
		       now->header->stats_slot, pins->dir, strerror(-err));
	else
		log_set_error(pins, err);
	if (err)
		xs_rules_in_force_close(now);
	return err;
}

void xs_rules_in_force_close(struct xs_rules_in_force *now)
{
	if (now->mapping)
		munmap(now->mapping, now->mapping_bytes);
	free(now->stats);
	*now = (struct xs_rules_in_force){};
}
