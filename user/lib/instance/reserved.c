// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Queues of their own: the record, and the way back; see reserved.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#include "lib/base/ctx.h"
#include "lib/net/identity.h"
#include "lib/net/ntuple.h"
#include "lib/net/rss.h"
#include "netns.h"
#include "reserved.h"

static const __u32 the_row;

/* ---- the record ---- */

bool xs_reserved_is_recorded(const struct xs_pins *pins)
{
	return pins->map_fds[XS_MAP_reserved] >= 0;
}

static bool makes_sense(const struct xs_reserved *record)
{
	return record->queue_cnt <= XS_RESERVED_QUEUES_MAX &&
	       record->flow_cnt <= XS_RESERVED_FLOWS_MAX &&
	       record->table_size <= XS_RESERVED_TABLE_MAX;
}

int xs_reserved_read(const struct xs_pins *pins, struct xs_reserved *record)
{
	int err;

	if (!xs_reserved_is_recorded(pins))
		return 0;
	err = bpf_map_lookup_elem(pins->map_fds[XS_MAP_reserved], &the_row, record) ? -errno : 0;
	if (!err && !makes_sense(record))
		err = -EPROTO;
	if (err) {
		xs_err(pins->ctx, "cannot read %s/reserved: %s", pins->dir, strerror(-err));
		return err;
	}
	return record->since_ns ? 1 : 0;
}

int xs_reserved_write(const struct xs_pins *pins, const struct xs_reserved *record)
{
	int err;

	if (!bpf_map_update_elem(pins->map_fds[XS_MAP_reserved], &the_row, record, BPF_ANY))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot write %s/reserved: %s", pins->dir, strerror(-err));
	return err;
}

__u64 xs_reserved_by_no_rule(const struct xs_queue_stats *stats, bool default_leads)
{
	__u64 sent = stats->verdict_xsk + stats->verdict_chain + stats->reason_no_socket +
		     stats->reason_no_chain + stats->reason_over_limit;

	if (default_leads)
		sent -= stats->reason_default < sent ? stats->reason_default : sent;
	return stats->packets > sent ? stats->packets - sent : 0;
}

/* ---- the way there ---- */

static int say_cannot_set(const struct xs_pins *pins, const char *ifname, int err)
{
	xs_err(pins->ctx, "cannot set the RSS table of %s: %s%s", ifname, strerror(-err),
	       err == -EPERM ? ": run as root, or with CAP_NET_ADMIN" : "");
	return err;
}

/* The record says what is wanted before it is there. */
static int make_flow(const struct xs_pins *pins, const char *ifname, struct xs_reserved *record,
		     struct xs_reserved_flow *flow, int *refused)
{
	struct ethtool_rx_flow_spec spec;
	int err;

	flow->state = XS_RESERVED_WANTED;
	err = xs_reserved_write(pins, record);
	if (err)
		return err;
	*refused = xs_ntuple_add(ifname, flow, &flow->location);
	if (*refused) {
		flow->state = XS_RESERVED_NOT;
		return 0;
	}
	/* what cannot be read back stays wanted, and is looked for when it is undone */
	if (!xs_ntuple_get(ifname, flow->location, &spec)) {
		flow->digest = xs_ntuple_digest(&spec);
		flow->state = XS_RESERVED_MADE;
	}
	return 0;
}

static int make_table(const struct xs_pins *pins, const char *ifname,
		      const struct xs_reserved *record)
{
	struct xs_rss *rss = calloc(1, sizeof(*rss));
	int err;

	if (!rss)
		return say_cannot_set(pins, ifname, -ENOMEM);
	rss->size = record->table_size;
	memcpy(rss->entry, record->after, sizeof(rss->entry));
	err = xs_rss_write(ifname, rss);
	if (err) {
		say_cannot_set(pins, ifname, err);
	} else {
		err = xs_rss_read(ifname, rss);
		if (!err && !xs_rss_is(rss, record->after, record->table_size))
			err = -EIO;
		if (err)
			xs_err(pins->ctx,
			       "%s: its driver took another RSS table, but it is not there: %s",
			       ifname, strerror(-err));
	}
	free(rss);
	return err;
}

int xs_reserved_make(const struct xs_pins *pins, const char *ifname, struct xs_reserved *record,
		     int refused[XS_RESERVED_FLOWS_MAX])
{
	struct xs_reserved_undone undone;
	struct timespec now;
	int err = 0;

	memset(refused, 0, XS_RESERVED_FLOWS_MAX * sizeof(*refused));
	clock_gettime(CLOCK_REALTIME, &now);
	record->since_ns = (__u64)now.tv_sec * 1000000000ULL + (__u64)now.tv_nsec;
	for (__u32 i = 0; !err && i < record->flow_cnt; i++)
		err = make_flow(pins, ifname, record, &record->flows[i], &refused[i]);
	if (!err)
		err = xs_reserved_write(pins, record);
	if (!err && memcmp(record->before, record->after, sizeof(record->before)))
		err = make_table(pins, ifname, record);
	if (err)
		xs_reserved_undo(pins, &undone);
	return err;
}

/* ---- the way back ---- */

/* An interface, and what becomes of its record. */
struct undoing {
	const struct xs_pins *pins;
	const char *ifname;
	struct xs_reserved *record;
	struct xs_reserved_undone *undone;
};

static int say_refused(const struct undoing *undoing, const char *what, int err)
{
	xs_err(undoing->pins->ctx, "%s: %s cannot be put back: %s%s", undoing->ifname, what,
	       strerror(-err), err == -EPERM ? ": run as root, or with CAP_NET_ADMIN" : "");
	return err;
}

static bool leads_beyond(const struct xs_reserved *record, __u32 queues)
{
	for (__u32 i = 0; i < record->table_size; i++)
		if (record->before[i] >= queues)
			return true;
	return false;
}

/* It follows the number of queues then. */
static int reset_table(const struct undoing *undoing, struct xs_rss *rss)
{
	int err = xs_rss_reset(undoing->ifname);

	return err ? err : xs_rss_read(undoing->ifname, rss);
}

static int write_table(const struct undoing *undoing, struct xs_rss *rss)
{
	const struct xs_reserved *record = undoing->record;
	int err;

	rss->size = record->table_size;
	memcpy(rss->entry, record->before, sizeof(rss->entry));
	err = xs_rss_write(undoing->ifname, rss);
	if (!err)
		err = xs_rss_read(undoing->ifname, rss);
	if (!err && !xs_rss_is(rss, record->before, record->table_size))
		err = -EIO;
	return err;
}

/* There may be more queues now, or fewer: the kernel keeps only those to which the small table leads. */
static int set_table(const struct undoing *undoing, struct xs_rss *rss)
{
	const struct xs_reserved *record = undoing->record;
	bool beyond = leads_beyond(record, rss->queues);
	int err = 0;

	if (record->by_default || beyond)
		err = reset_table(undoing, rss);
	if (!err && !beyond && !(record->by_default && xs_rss_is_default(rss)))
		err = write_table(undoing, rss);
	undoing->undone->table = !err && (record->by_default || !beyond);
	if (!err && !undoing->undone->table)
		xs_warn(undoing->pins->ctx,
			"%s: it has fewer queues than when some were reserved, so its RSS table "
			"spreads over all there are, not as before: 'ethtool -x %s' shows it",
			undoing->ifname, undoing->ifname);
	return err;
}

static int undo_table(const struct undoing *undoing)
{
	const struct xs_reserved *record = undoing->record;
	struct xs_rss *rss = malloc(sizeof(*rss));
	int err = rss ? xs_rss_read(undoing->ifname, rss) : -ENOMEM;

	if (!err && xs_rss_is(rss, record->before, record->table_size)) {
		undoing->undone->table = true;
	} else if (!err && !xs_rss_is(rss, record->after, record->table_size)) {
		undoing->undone->table_changed = true;
		xs_warn(undoing->pins->ctx,
			"%s: its RSS table has been changed since queues were reserved, and stays "
			"as it "
			"is: 'ethtool -x %s' shows it, 'ethtool -X %s default' spreads over all "
			"queues",
			undoing->ifname, undoing->ifname, undoing->ifname);
	} else if (!err) {
		err = set_table(undoing, rss);
	}
	free(rss);
	return err ? say_refused(undoing, "its RSS table", err) : 0;
}

/* Made by a process that was killed before it knew where: there is one such rule, or none. */
static int find_wanted(const struct undoing *undoing, struct xs_reserved_flow *flow)
{
	struct ethtool_rx_flow_spec wanted;
	struct xs_ntuple_rules rules = {};
	int err = xs_ntuple_read(undoing->ifname, &rules);

	if (err)
		return err == -EOPNOTSUPP ? -ENOENT : err;
	err = -ENOENT;
	xs_ntuple_spec(flow, &wanted);
	for (__u32 i = 0; err && i < rules.cnt; i++) {
		if (!xs_ntuple_same_frames(&rules.rows[i], &wanted) ||
		    rules.rows[i].ring_cookie != wanted.ring_cookie)
			continue;
		flow->location = rules.rows[i].location;
		err = 0;
	}
	free(rules.rows);
	return err;
}

/* 0: it is there, and the one that was made; -ENOENT: gone; -EEXIST: another has its place. */
static int find_flow(const struct undoing *undoing, struct xs_reserved_flow *flow)
{
	struct ethtool_rx_flow_spec spec;
	int err;

	if (flow->state == XS_RESERVED_WANTED)
		return find_wanted(undoing, flow);
	err = xs_ntuple_get(undoing->ifname, flow->location, &spec);
	if (!err && xs_ntuple_digest(&spec) != flow->digest)
		err = -EEXIST;
	return err;
}

static int undo_flow(const struct undoing *undoing, struct xs_reserved_flow *flow)
{
	int err;

	if (flow->state == XS_RESERVED_NOT)
		return 0;
	err = find_flow(undoing, flow);
	if (err == -EEXIST) {
		undoing->undone->flows_changed++;
		xs_warn(undoing->pins->ctx,
			"%s: rule %u of the NIC is not the one that was made there, and stays: "
			"'ethtool -n %s rule %u' shows it",
			undoing->ifname, flow->location, undoing->ifname, flow->location);
	} else if (!err) {
		err = xs_ntuple_remove(undoing->ifname, flow->location);
		if (err)
			return say_refused(undoing, "its own rules", err);
		undoing->undone->flows++;
	} else if (err != -ENOENT) {
		return say_refused(undoing, "its own rules", err);
	}
	flow->state = XS_RESERVED_NOT;
	return 0;
}

/* The table first: as long as that is small, the rules must bring the flows. */
static int undo_here(const struct undoing *undoing)
{
	int first = undo_table(undoing);

	for (__u32 i = 0; i < undoing->record->flow_cnt; i++) {
		int err = undo_flow(undoing, &undoing->record->flows[i]);

		if (err && !first)
			first = err;
	}
	return first;
}

/* 0: *ifname is its name of now; -ENODEV: it is gone, and with it what was changed. */
static int find_interface(const struct xs_pins *pins, char ifname[16])
{
	enum xs_netns netns = xs_netns_of(&pins->meta);

	if (netns == XS_NETNS_GONE)
		return -ENODEV;
	if (netns == XS_NETNS_OURS)
		return xs_netif_name(pins->meta.ifindex, ifname);
	xs_err(pins->ctx,
	       "%s: its RSS table has fewer queues than before, and cannot be put back from "
	       "another network namespace: run where the interface is",
	       pins->ifname);
	return -EXDEV;
}

static int undo_record(const struct xs_pins *pins, struct xs_reserved *record,
		       struct xs_reserved_undone *undone)
{
	struct undoing undoing = { .pins = pins, .record = record, .undone = undone };
	char ifname[16];
	int err = find_interface(pins, ifname);

	if (err)
		return err == -ENODEV ? 0 : err;
	undoing.ifname = ifname;
	undone->queue_cnt = record->queue_cnt;
	return undo_here(&undoing);
}

static int undo(const struct xs_pins *pins, struct xs_reserved_undone *undone, bool instance_goes)
{
	struct xs_reserved *record = calloc(1, sizeof(*record));
	int err = record ? xs_reserved_read(pins, record) : -ENOMEM;

	*undone = (struct xs_reserved_undone){};
	if (err > 0) {
		err = undo_record(pins, record, undone);
		if (!err)
			memset(record, 0, sizeof(*record));
		/* pins may be open for reading only when they are removed */
		if (!instance_goes && xs_reserved_write(pins, record) && !err)
			err = -EIO;
		if (!err)
			err = 1;
	}
	free(record);
	return err;
}

int xs_reserved_undo(const struct xs_pins *pins, struct xs_reserved_undone *undone)
{
	return undo(pins, undone, false);
}

int xs_reserved_put_back(const struct xs_pins *pins)
{
	struct xs_reserved_undone undone;
	int err = undo(pins, &undone, true);

	if (err > 0)
		xs_note(pins->ctx, "%s: %u reserved queue%s back in the RSS table", pins->ifname,
			undone.queue_cnt, undone.queue_cnt == 1 ? " is" : "s are");
	return err == -EPERM || err == -EACCES || err == -EXDEV ? err : 0;
}
