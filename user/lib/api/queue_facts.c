// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Everything that is to be known of each receive queue; see queue_facts.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/names.h"
#include "lib/base/ran_out.h"
#include "lib/instance/owners.h"
#include "lib/instance/queue_stats.h"
#include "lib/instance/slot_sockets.h"
#include "lib/net/nic_counters.h"
#include "lib/net/xdp_diag.h"
#include "queue_facts.h"

/* ---- whose socket ---- */

static bool has_socket(const char *pid, const char *wanted)
{
	char path[64], target[64];
	struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.10s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		if (len <= 0)
			continue;
		target[len] = '\0';
		found = !strcmp(target, wanted);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The first process that has the socket among its descriptors; 0: none that may be looked at. */
static __u32 pid_of_socket(__u32 inode)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char wanted[32];
	__u32 pid = 0;

	snprintf(wanted, sizeof(wanted), "socket:[%u]", inode);
	while (proc && !pid && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]) && has_socket(entry->d_name, wanted))
			pid = (__u32)strtoul(entry->d_name, NULL, 10);
	if (proc)
		closedir(proc);
	return pid;
}

static struct xs_queue_socket *add_socket(struct xs_queue_facts *facts, __u32 queue)
{
	struct xs_queue_socket *more =
		realloc(facts->sockets, (facts->socket_cnt + 1) * sizeof(*more));

	if (!more)
		return NULL;
	facts->sockets = more;
	more[facts->socket_cnt] =
		(struct xs_queue_socket){ .queue = queue, .slot = -1, .mode = "?" };
	return &more[facts->socket_cnt++];
}

static int read_owners(const struct xs_pins *pins, struct xs_queue_facts *facts)
{
	struct xs_owner *owners = xs_owners_get(pins, 0, pins->all_slots);
	int err = owners ? 0 : -errno;

	for (__u32 slot = 0; owners && slot < pins->all_slots; slot++) {
		const struct xs_owner owner = owners[slot];
		struct xs_queue_socket *socket;

		if (!owner.pid || !xs_owner_alive(&owner))
			continue;
		socket = add_socket(facts, owner.queue);
		if (!socket) {
			err = -ENOMEM;
			break;
		}
		socket->slot = (int)slot;
		socket->pid = owner.pid;
		socket->ours = true;
		socket->mode = xs_xsk_mode_name(owner.mode);
		socket->seen = !xs_owner_is_elsewhere(&owner) &&
			       !xs_xsk_peek(owner.pid, owner.fd, &socket->state);
	}
	free(owners);
	return err;
}

static bool is_owned(const struct xs_queue_facts *facts, __u32 pid, __u32 queue)
{
	for (__u32 i = 0; i < facts->socket_cnt; i++)
		if (facts->sockets[i].pid == pid && facts->sockets[i].queue == queue)
			return true;
	return false;
}

/* Where the kernel lists the sockets of every process. */
static int read_others(struct xs_queue_facts *facts)
{
	struct xs_diag_sockets told = {};
	int err = 0;

	if (xs_diag_sockets_read(facts->netif.ifindex, &told))
		return 0;
	facts->others_told = true;
	for (__u32 i = 0; !err && i < told.cnt; i++) {
		__u32 pid = pid_of_socket(told.rows[i].inode);
		struct xs_queue_socket *socket;

		if (is_owned(facts, pid, told.rows[i].queue))
			continue;
		socket = add_socket(facts, told.rows[i].queue);
		if (!socket) {
			err = -ENOMEM;
			continue;
		}
		socket->pid = pid;
		socket->mode = told.rows[i].zero_copy ? "zero-copy" : "copy";
	}
	free(told.rows);
	return err;
}

static bool is_known(const struct xs_queue_facts *facts, __u32 queue)
{
	for (__u32 i = 0; i < facts->socket_cnt; i++)
		if (facts->sockets[i].queue == queue)
			return true;
	return false;
}

/* Elsewhere it is still to be seen that there is one: by the slots, or by the queue itself. */
static int read_bound(const struct xs_pins *pins, struct xs_queue_facts *facts)
{
	int *queues = pins ? xs_slot_sockets(pins) : NULL, err = 0;
	struct xs_queue_socket *socket;

	facts->others_told |= queues != NULL;
	for (__u32 slot = 0; !err && queues && slot < pins->all_slots; slot++) {
		if (queues[slot] == XS_SLOT_EMPTY || is_known(facts, (__u32)queues[slot]))
			continue;
		socket = add_socket(facts, (__u32)queues[slot]);
		if (socket)
			socket->slot = (int)slot;
		else
			err = -ENOMEM;
	}
	free(queues);
	for (__u32 q = 0; !err && q < facts->kernel.cnt; q++)
		if (facts->kernel.rows[q].bound && !is_known(facts, q) && !add_socket(facts, q))
			err = -ENOMEM;
	return err;
}

/* ---- what was lost before the program ---- */

static __u64 dropped_by_program(const struct xs_queue_facts *facts, __u32 queue)
{
	return queue < facts->stats_cnt ? facts->stats[queue].verdict_drop : 0;
}

static int read_drops(struct xs_queue_facts *facts)
{
	struct xs_nic_counters nic = {};

	facts->drops = calloc(facts->netif.rx_queues + 1, sizeof(*facts->drops));
	if (!facts->drops)
		return -ENOMEM;
	for (__u32 q = 0; q < facts->kernel.cnt; q++) {
		facts->drops_told |= facts->kernel.rows[q].drops_told;
		facts->drops[q] = facts->kernel.rows[q].drops;
	}
	if (facts->drops_told || xs_nic_counters_read(facts->netif.name, facts->netif.ifindex,
						      facts->netif.driver, &nic))
		return 0;
	for (__u32 i = 0; i < nic.cnt; i++) {
		const struct xs_nic_counter *row = &nic.rows[i];

		if (row->queue < 0 || (__u32)row->queue >= facts->netif.rx_queues)
			continue;
		if (row->role == XS_NIC_missed || row->role == XS_NIC_no_memory)
			facts->drops[row->queue] += row->value;
		else if (row->role == XS_NIC_any_drop)
			facts->drops[row->queue] += xs_nic_unbuffered(
				&nic, row->queue, dropped_by_program(facts, (__u32)row->queue));
		else
			continue;
		facts->drops_told = true;
	}
	free(nic.rows);
	return 0;
}

/* ---- of the instance ---- */

static int read_instance(const struct xs_pins *pins, struct xs_queue_facts *facts)
{
	facts->instance = true;
	facts->stats = xs_queue_stats_read(pins, &facts->stats_cnt);
	if (!facts->stats)
		return -EIO;
	for (__u32 q = 0; q < facts->stats_cnt; q++)
		facts->packets += facts->stats[q].packets;
	facts->rules_err = xs_rule_sets_read(pins, &facts->rules);
	facts->rules_known = !facts->rules_err;
	return read_owners(pins, facts);
}

bool xs_rule_leads_to(const struct xs_action *action, __u32 queue)
{
	switch (action->verdict) {
	case XS_VERDICT_xsk:
		return action->own_slot || action->target == queue;
	case XS_VERDICT_chain:
		return true;
	default:
		return false;
	}
}

int xs_queue_facts_read(struct xsteer_ctx *ctx, const char *ifname, const struct xs_pins *pins,
			struct xs_queue_facts *facts)
{
	struct xs_queue_facts found = {};
	int err;

	err = xs_netif_get(ctx, &found.netif, ifname);
	if (err)
		return err;
	err = xs_netdev_queues_read(found.netif.ifindex, found.netif.rx_queues, &found.kernel);
	if (!err && xs_ran_out(found.kernel.queues_err))
		err = found.kernel.queues_err;
	if (!err && pins)
		err = read_instance(pins, &found);
	if (!err)
		err = read_others(&found);
	if (!err)
		err = read_bound(pins, &found);
	if (!err)
		err = read_drops(&found);
	if (err) {
		xs_queue_facts_free(&found);
		xs_err(ctx, "%s: cannot read its queues: %s", ifname, strerror(-err));
		return err;
	}
	*facts = found;
	return 0;
}

void xs_queue_facts_free(struct xs_queue_facts *facts)
{
	free(facts->kernel.rows);
	free(facts->drops);
	free(facts->sockets);
	free(facts->stats);
	xs_rules_in_force_close(&facts->rules);
	*facts = (struct xs_queue_facts){};
}
