// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The rows of a set's limits; see limits.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/base/ctx.h"
#include "limits.h"
#include "read.h"

_Static_assert(3 * XS_LIMITS_MAX < XS_LIMIT_ROWS, "three sets find rows");

/* Bits of the rows that the sets in the kernel have. Row 0 is never used. */
struct rows {
	bool used[XS_LIMIT_ROWS];
};

static void mark_rows(struct rows *rows, const struct xs_set_header *set)
{
	const struct xs_set_limit *limits = set ? xs_set_limits(set) : NULL;

	for (__u32 i = 1; limits && i <= set->limit_cnt; i++)
		rows->used[limits[i].row % XS_LIMIT_ROWS] = true;
}

static __u32 take_row(struct rows *rows)
{
	__u32 row = 1;

	while (rows->used[row])
		row++;
	rows->used[row] = true;
	return row;
}

static bool is_same(const struct xs_set_limit *a, const struct xs_set_limit *b)
{
	struct xs_set_limit other = *b;

	other.row = a->row;
	return !memcmp(a, &other, sizeof(*a));
}

/* Rules that go on with the same limit keep their row. */
static void keep_rows(const struct xs_switching *apply)
{
	const struct xs_set_header *old = apply->now.header, *new = apply->next.header;

	for (__u32 i = 0; i < apply->pairs.rule_cnt; i++) {
		const struct xs_rule_pair *pair = &apply->pairs.pairs[i];
		__u32 from = xs_set_rules(old)[pair->from].action.limit;
		__u32 to = xs_set_rules(new)[pair->to].action.limit;

		if (from && to && is_same(&xs_set_limits(old)[from], &xs_set_limits(new)[to]))
			xs_set_limits(new)[to].row = xs_set_limits(old)[from].row;
	}
}

static int fill_row(const int *map_fds, __u32 row)
{
	const struct xs_limit_row full = {};
	int err, cpus = libbpf_num_possible_cpus();
	struct xs_limit_lease *none = calloc(cpus > 0 ? cpus : 1, sizeof(*none));

	if (!none)
		return -ENOMEM;
	err = bpf_map_update_elem(map_fds[XS_MAP_limits], &row, &full, BPF_ANY) ||
			      bpf_map_update_elem(map_fds[XS_MAP_limit_leases], &row, none, BPF_ANY)
		      ? -errno
		      : 0;
	free(none);
	return err;
}

static int make_keys(const int *map_fds, const struct xs_set_limit *limit)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "limit_keys", sizeof(struct xs_limit_key),
				sizeof(struct xs_limit_bucket), limit->size, NULL);
	int err = fd < 0 ? -errno : 0;

	if (!err && bpf_map_update_elem(map_fds[XS_MAP_limit_keys], &limit->row, &fd, BPF_ANY))
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

int xs_limit_row_make(const int *map_fds, const struct xs_set_limit *limit)
{
	int err = fill_row(map_fds, limit->row);

	return err || !limit->by_key ? err : make_keys(map_fds, limit);
}

static int place_limit(const struct xs_pins *pins, struct rows *rows, struct xs_set_limit *limit)
{
	int err;

	if (limit->row)
		return 0;
	limit->row = take_row(rows);
	err = xs_limit_row_make(pins->map_fds, limit);
	if (err && limit->by_key)
		xs_err(pins->ctx, "cannot make the buckets of a limit with %u keys: %s%s",
		       limit->size, strerror(-err),
		       err == -ENOMEM ? ": give it a smaller `size`" : "");
	else if (err)
		xs_err(pins->ctx, "cannot make the bucket of a limit: %s", strerror(-err));
	return err;
}

int xs_limits_place(struct xs_switching *apply)
{
	struct xs_set_header *set = apply->next.header;
	struct xs_set_limit *limits = xs_set_limits(set);
	struct rows rows = {};
	int err = 0;

	if (!limits)
		return 0;
	if (apply->pins->map_fds[XS_MAP_limits] < 0 ||
	    apply->pins->map_fds[XS_MAP_limit_leases] < 0 ||
	    apply->pins->map_fds[XS_MAP_limit_keys] < 0) {
		xs_err(apply->pins->ctx, "%s: the instance has no maps for limits: %s first",
		       apply->pins->ifname,
		       xs_hint(apply->pins->ctx, XSTEER_HINT_UPGRADE, apply->pins->ifname).text);
		return -ENODATA;
	}
	mark_rows(&rows, apply->now.header);
	mark_rows(&rows, apply->back.header);
	keep_rows(apply);
	for (__u32 i = 1; !err && i <= set->limit_cnt; i++)
		err = place_limit(apply->pins, &rows, &limits[i]);
	return err;
}

/*
 * Rows that have buckets by key: how many, and which. One call where the kernel passes over
 * rows without; older ones give up at the first of these, or have no such call.
 */
static __u32 rows_with_keys(int fd, __u32 rows[XS_LIMIT_ROWS])
{
	__u32 ids[XS_LIMIT_ROWS], next, cnt = XS_LIMIT_ROWS;

	if (!bpf_map_lookup_batch(fd, NULL, &next, rows, ids, &cnt, NULL) || errno == ENOENT)
		return cnt;
	cnt = 0;
	for (__u32 row = 1; row < XS_LIMIT_ROWS; row++)
		if (!bpf_map_lookup_elem(fd, &row, ids))
			rows[cnt++] = row;
	return cnt;
}

void xs_limits_close_unnamed(const struct xs_pins *pins, const struct xs_set_header *now,
			     const struct xs_set_header *back)
{
	int fd = pins->map_fds[XS_MAP_limit_keys];
	__u32 keyed[XS_LIMIT_ROWS], cnt;
	struct rows rows = {};

	if (fd < 0)
		return;
	mark_rows(&rows, now);
	mark_rows(&rows, back);
	cnt = rows_with_keys(fd, keyed);
	for (__u32 i = 0; i < cnt; i++)
		if (!rows.used[keyed[i] % XS_LIMIT_ROWS])
			bpf_map_delete_elem(fd, &keyed[i]);
}
