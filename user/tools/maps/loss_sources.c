// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads everything that counts frames around an instance; see loss_sources.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/membarrier.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/base/clock.h"
#include "lib/instance/live.h"
#include "lib/instance/owners.h"
#include "lib/instance/slot_sockets.h"
#include "lib/instance/socket_stats.h"
#include "lib/net/xdp_diag.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"
#include "lib/xsk/peek.h"
#include "loss_sources.h"
#include "lib/api/socket_look.h"

/* NULL: -EIO, logged. */
static struct xs_queue_stats *read_queues(const struct xs_pins *pins, __u32 *cnt,
					  struct xs_queue_stats *total)
{
	struct xs_queue_stats *queues = xs_queue_stats_read(pins, cnt);

	for (__u32 q = 0; queues && q < *cnt; q++)
		xs_queue_stats_add(total, &queues[q]);
	return queues;
}

static void add_sent(struct xs_loss_sent *sent, const struct xs_action *action, __u64 frames)
{
	*(action->otherwise == XS_VERDICT_drop ? &sent->else_drop : &sent->else_pass) += frames;
}

static void add_rule(const struct xs_rules_in_force *now, __u32 rule, struct xs_loss_rules *rules)
{
	const struct xs_action *action = &now->rules[rule].action;
	__u64 over = xs_rule_refused(now, rule).over.packets;
	__u64 within = now->stats[rule].packets - over;

	if (action->verdict == XS_VERDICT_drop)
		rules->dropped += within;
	else if (action->verdict == XS_VERDICT_xsk)
		add_sent(&rules->to_sockets, action, within);
	else if (action->verdict == XS_VERDICT_chain)
		add_sent(&rules->to_chains, action, within);
	if (action->limit && xs_set_limits(now->header)[action->limit].otherwise == XS_VERDICT_drop)
		rules->over_limit += over;
}

/* If they may not be read (no CAP_SYS_ADMIN), drops are reported as one sum. */
static void read_rules(const struct xs_pins *pins, struct xs_loss_rules *rules)
{
	struct xs_rules_in_force now;

	rules->err = xs_rule_sets_look(pins, &now);
	if (rules->err)
		return;
	rules->known = true;
	rules->by_default = now.header ? now.header->default_action : xs_builtin_default(pins);
	rules->of_malformed = now.header ? now.header->malformed_action.verdict : XS_VERDICT_pass;
	for (__u32 i = 0; now.header && i < now.header->rule_cnt; i++)
		add_rule(&now, i, rules);
	rules->any_dropped = rules->dropped;
	rules->any_over_limit = rules->over_limit;
	xs_rules_in_force_close(&now);
}

/* ---- sockets ---- */

static struct xs_loss_socket *one_more(struct xs_loss_sources *sources)
{
	struct xs_loss_socket *more =
		realloc(sources->sockets, (sources->socket_cnt + 1) * sizeof(*more));

	if (!more)
		return NULL;
	sources->sockets = more;
	more[sources->socket_cnt] = (struct xs_loss_socket){ .slot = -1 };
	return &more[sources->socket_cnt++];
}

static int take_every_socket(struct xs_loss_sources *sources, const struct xs_diag_sockets *told)
{
	for (__u32 i = 0; i < told->cnt; i++) {
		struct xs_loss_socket *socket = one_more(sources);

		if (!socket)
			return -ENOMEM;
		socket->inode = told->rows[i].inode;
		socket->queue = told->rows[i].queue;
		socket->zero_copy = told->rows[i].zero_copy;
		socket->stats = told->rows[i].stats;
	}
	return 0;
}

static __u32 inode_of(const struct xs_owner *owner)
{
	struct stat socket;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/fd/%u", owner->pid, owner->fd);
	return stat(path, &socket) ? 0 : (__u32)socket.st_ino;
}

static struct xs_loss_socket *find_socket(struct xs_loss_sources *sources, __u32 inode)
{
	for (__u32 i = 0; inode && i < sources->socket_cnt; i++)
		if (sources->sockets[i].inode == inode)
			return &sources->sockets[i];
	return NULL;
}

/* Several slots may hold the same socket; it is counted once. */
static int take_owner(struct xs_loss_sources *sources, __u32 slot, const struct xs_owner *owner)
{
	struct xs_loss_socket *socket;
	struct xs_xsk_state state;
	__u32 inode = inode_of(owner);

	socket = find_socket(sources, inode);
	if (socket) {
		socket->slot = (int)slot;
		socket->pid = owner->pid;
		return 0;
	}
	if (xs_xsk_peek(owner->pid, owner->fd, &state)) {
		sources->unread = true;
		return 0;
	}
	socket = one_more(sources);
	if (!socket)
		return -ENOMEM;
	*socket = (struct xs_loss_socket){ .inode = inode,
					   .slot = (int)slot,
					   .queue = owner->queue,
					   .pid = owner->pid,
					   .zero_copy = state.zero_copy,
					   .stats = state.stats };
	return 0;
}

static int read_sockets(const struct xs_pins *pins, struct xs_loss_sources *sources)
{
	struct xs_diag_sockets told = {};
	struct xs_owner *owners = xs_owners_get(pins, 0, pins->all_slots);
	int err = 0;

	if (!owners)
		return -errno;
	sources->every_socket = !xs_diag_sockets_read(pins->meta.ifindex, &told);
	if (sources->every_socket)
		err = take_every_socket(sources, &told);
	free(told.rows);
	for (__u32 slot = 0; !err && slot < pins->all_slots; slot++) {
		const struct xs_owner *owner = &owners[slot];

		if (!owner->pid || !xs_owner_alive(owner))
			continue;
		if (xs_owner_is_elsewhere(owner))
			sources->unread = true;
		else
			err = take_owner(sources, slot, owner);
	}
	free(owners);
	return err;
}

/* A socket that went took its counters along, but for what its process has written down. */
static int take_kept(void *arg, __u32 slot, const struct xs_socket_look *look)
{
	struct xs_loss_sources *sources = arg;
	struct xs_loss_kept kept = { .slot = slot, .counts = look->earlier }, *more;

	if (!look->alive && look->own_known)
		xs_socket_counts_add(&kept.counts, &look->own);
	if (!xs_socket_counts_any(&kept.counts))
		return 0;
	more = realloc(sources->kept, (sources->kept_cnt + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	sources->kept = more;
	more[sources->kept_cnt++] = kept;
	return 0;
}

/* ---- all of it ---- */

/* It is not a failure if a driver counts nothing. */
static void read_nic(const struct xs_netif *netif, struct xs_nic_counters *nic)
{
	if (xs_nic_counters_read(netif->name, netif->ifindex, netif->driver, nic))
		*nic = (struct xs_nic_counters){};
}

static bool same_counts(const struct xs_nic_counters *a, const struct xs_nic_counters *b)
{
	for (__u32 i = 0; i < a->cnt && i < b->cnt; i++)
		if (a->rows[i].value != b->rows[i].value)
			return false;
	return a->cnt == b->cnt;
}

/*
 * A driver counts the frames of a batch at its end, so later than others have. Its batches are
 * within RCU sections: where frames come, those that are under way are waited for.
 */
static void read_nic_later(const struct xs_netif *netif, struct xs_loss_sources *sources)
{
	read_nic(netif, &sources->nic_later);
	if (same_counts(&sources->nic, &sources->nic_later))
		return;
	syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	free(sources->nic_later.rows);
	read_nic(netif, &sources->nic_later);
}

/* What became of the frames that the program has counted. */
static int read_explaining(const struct xs_pins *pins, const struct failures_bpf *watch,
			   struct xs_loss_sources *sources)
{
	int err = read_sockets(pins, sources);

	if (!err)
		err = xs_sockets_look(pins, take_kept, sources);
	if (err)
		return err;
	read_rules(pins, &sources->rules);
	sources->slot_queues = xs_slot_sockets(pins);
	if (watch)
		err = xs_failures_read(watch, &sources->failures);
	if (err)
		xs_err(pins->ctx, "%s: cannot read what was traced: %s", pins->ifname,
		       strerror(-err));
	return err;
}

int xs_loss_sources_read(const struct xs_pins *pins, const struct xs_netif *netif,
			 const struct failures_bpf *watch, struct xs_loss_sources *sources)
{
	struct xs_loss_sources found = { .at = xs_monotonic_ns() / 1e9,
					 .slots = pins->all_slots,
					 .traced = watch != NULL };
	struct xs_queue_stats *later = NULL;
	struct xs_live live;
	__u32 later_cnt;
	int err;

	found.native = !xs_instance_live(pins, &live) && live.native;
	read_nic(netif, &found.nic);
	found.queues = read_queues(pins, &found.queue_cnt, &found.total);
	err = found.queues ? read_explaining(pins, watch, &found) : -EIO;
	if (!err) {
		later = read_queues(pins, &later_cnt, &found.later);
		err = later ? 0 : -EIO;
		free(later);
	}
	read_nic_later(netif, &found);
	if (err)
		xs_loss_sources_free(&found);
	else
		*sources = found;
	return err;
}

void xs_loss_sources_free(struct xs_loss_sources *sources)
{
	free(sources->queues);
	free(sources->sockets);
	free(sources->kept);
	free(sources->nic.rows);
	free(sources->nic_later.rows);
	free(sources->nic_least.rows);
	free(sources->failures.rows);
	free(sources->slot_queues);
	*sources = (struct xs_loss_sources){};
}

/* ---- since another moment ---- */

static void subtract(__u64 *now, __u64 before)
{
	*now = *now >= before ? *now - before : *now;
}

static void subtract_socket(struct xs_loss_socket *now, const struct xs_loss_sources *before)
{
	for (__u32 i = 0; i < before->socket_cnt; i++) {
		const struct xs_loss_socket *was = &before->sockets[i];
		__u64 *counters = (__u64 *)&now->stats;

		if (was->inode != now->inode || was->pid != now->pid || was->slot != now->slot)
			continue;
		for (size_t c = 0; c < sizeof(now->stats) / sizeof(*counters); c++)
			subtract(&counters[c], ((const __u64 *)&was->stats)[c]);
		return;
	}
}

static __u64 *find_counter(const struct xs_nic_counters *nic, const char *name)
{
	for (__u32 i = 0; i < nic->cnt; i++)
		if (!strcmp(nic->rows[i].name, name))
			return &nic->rows[i].value;
	return NULL;
}

static void subtract_nic(struct xs_nic_counter *now, const struct xs_nic_counters *before)
{
	const __u64 *was = find_counter(before, now->name);

	if (was)
		subtract(&now->value, *was);
}

/* More at the end of the first moment than at the begin of the second: both are the same time. */
static void subtract_later_nic(struct xs_nic_counter *now, const struct xs_nic_counters *before)
{
	const __u64 *was = find_counter(before, now->name);

	now->value -= was && *was < now->value ? *was : was ? now->value : 0;
}

static void subtract_failure(struct xs_failure *now, const struct xs_failures *before)
{
	for (__u32 i = 0; i < before->cnt; i++)
		if (!memcmp(&before->rows[i].key, &now->key, sizeof(now->key))) {
			subtract(&now->frames, before->rows[i].frames);
			return;
		}
}

static void subtract_rules(struct xs_loss_rules *now, const struct xs_loss_rules *before)
{
	subtract(&now->dropped, before->dropped);
	subtract(&now->over_limit, before->over_limit);
	subtract(&now->to_sockets.else_pass, before->to_sockets.else_pass);
	subtract(&now->to_sockets.else_drop, before->to_sockets.else_drop);
	subtract(&now->to_chains.else_pass, before->to_chains.else_pass);
	subtract(&now->to_chains.else_drop, before->to_chains.else_drop);
}

static void subtract_all(struct xs_loss_sources *now, const struct xs_loss_sources *before)
{
	for (__u32 q = 0; q < now->queue_cnt && q < before->queue_cnt; q++)
		xs_queue_stats_sub(&now->queues[q], &before->queues[q]);
	xs_queue_stats_sub(&now->total, &before->total);
	xs_queue_stats_sub(&now->later, &before->later);
	now->drift = before->later;
	xs_queue_stats_sub(&now->drift, &before->total);
	subtract_rules(&now->rules, &before->rules);
	for (__u32 i = 0; i < now->socket_cnt; i++)
		subtract_socket(&now->sockets[i], before);
	for (__u32 i = 0; i < now->nic.cnt; i++)
		subtract_nic(&now->nic.rows[i], &before->nic);
	for (__u32 i = 0; i < now->nic_least.cnt; i++)
		subtract_later_nic(&now->nic_least.rows[i], &before->nic_later);
	for (__u32 i = 0; i < now->failures.cnt; i++)
		subtract_failure(&now->failures.rows[i], &before->failures);
	subtract(&now->failures.uncounted, before->failures.uncounted);
}

/* A copy of nothing is nothing, which is not a failure. */
static void *copy_of(const void *rows, size_t bytes, int *err)
{
	void *copy = rows ? malloc(bytes + 1) : NULL;

	if (copy)
		memcpy(copy, rows, bytes);
	else if (rows)
		*err = -ENOMEM;
	return copy;
}

int xs_loss_sources_since(const struct xs_loss_sources *now, const struct xs_loss_sources *before,
			  struct xs_loss_sources *since)
{
	struct xs_loss_sources copy = *now;
	int err = 0;

	copy.kept = NULL;
	copy.kept_cnt = 0;
	copy.queues = copy_of(now->queues, now->queue_cnt * sizeof(*now->queues), &err);
	copy.sockets = copy_of(now->sockets, now->socket_cnt * sizeof(*now->sockets), &err);
	copy.nic.rows = copy_of(now->nic.rows, now->nic.cnt * sizeof(*now->nic.rows), &err);
	copy.nic_least = now->nic;
	copy.nic_least.rows = copy_of(now->nic.rows, now->nic.cnt * sizeof(*now->nic.rows), &err);
	copy.nic_later = (struct xs_nic_counters){};
	copy.failures.rows =
		copy_of(now->failures.rows, now->failures.cnt * sizeof(*now->failures.rows), &err);
	copy.slot_queues =
		copy_of(now->slot_queues, now->queue_cnt * sizeof(*now->slot_queues), &err);
	if (err) {
		xs_loss_sources_free(&copy);
		return err;
	}
	subtract_all(&copy, before);
	*since = copy;
	return 0;
}
