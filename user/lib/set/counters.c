// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The counters of one rule set; see counters.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/base/ctx.h"
#include "lib/base/number.h"
#include "lib/instance/dir.h"
#include "lib/instance/rule_stats.h"
#include "counters.h"

static int map_rows(struct xs_rule_counters *counters)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *rows;

	counters->bytes = (size_t)counters->row_cnt * counters->slices * sizeof(*counters->rows);
	counters->bytes = (counters->bytes + page - 1) & ~(page - 1);
	if (!counters->bytes)
		counters->bytes = page;
	rows = mmap(NULL, counters->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, counters->fd, 0);
	if (rows == MAP_FAILED)
		return -errno;
	counters->rows = rows;
	return 0;
}

static __u32 slice_cnt(void)
{
	int cpus = libbpf_num_possible_cpus();

	return (cpus > 0 ? cpus : 1) + 1;
}

int xs_rule_counters_create(struct xsteer_ctx *ctx, struct xs_rule_counters *counters,
			    __u32 row_cnt)
{
	__u32 rows;
	int err;

	*counters = (struct xs_rule_counters){ .row_cnt = row_cnt, .slices = slice_cnt() };
	rows = row_cnt ? row_cnt * counters->slices : 1;
	counters->fd = xs_rule_stats_create(rows);
	err = counters->fd < 0 ? counters->fd : map_rows(counters);
	if (!err)
		return 0;
	xs_err(ctx, "cannot make %u counter%s of rules: %s", row_cnt, xs_s(row_cnt),
	       strerror(-err));
	xs_rule_counters_close(counters);
	return err;
}

int xs_rule_counters_try(struct xs_rule_counters *counters, const struct xs_pins *pins,
			 __u32 stats_slot, __u32 row_cnt)
{
	int err = 0;
	__u32 id;

	*counters =
		(struct xs_rule_counters){ .fd = -1, .row_cnt = row_cnt, .slices = slice_cnt() };
	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_rule_stats], &stats_slot, &id))
		err = -errno;
	if (!err) {
		counters->fd = bpf_map_get_fd_by_id(id);
		err = counters->fd < 0 ? -errno : map_rows(counters);
	}
	if (err)
		xs_rule_counters_close(counters);
	return err;
}

int xs_rule_counters_open(struct xs_rule_counters *counters, const struct xs_pins *pins,
			  __u32 stats_slot, __u32 row_cnt)
{
	int err = xs_rule_counters_try(counters, pins, stats_slot, row_cnt);

	if (err)
		xs_err(pins->ctx, "cannot read slot %u of %s/rule_stats: %s", stats_slot, pins->dir,
		       strerror(-err));
	return err;
}

int xs_rule_counters_put(const struct xs_rule_counters *counters, const struct xs_pins *pins,
			 __u32 stats_slot)
{
	int err;

	if (!bpf_map_update_elem(pins->map_fds[XS_MAP_rule_stats], &stats_slot, &counters->fd,
				 BPF_ANY))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot write slot %u of %s/rule_stats: %s", stats_slot, pins->dir,
	       strerror(-err));
	return err;
}

struct pin_paths {
	char now[PATH_MAX + 32], staged[PATH_MAX + 32];
};

/* False: there are no pins. */
static bool find_pins(const struct xs_pins *pins, struct pin_paths *paths)
{
	const char *name = xs_map_names[XS_MAP_rule_stats_map];

	snprintf(paths->now, sizeof(paths->now), "%s/%s", pins->dir, name);
	snprintf(paths->staged, sizeof(paths->staged), "%s/%%%s", pins->dir, name);
	return pins->dir[0];
}

int xs_rule_counters_stage(const struct xs_pins *pins, __u32 stats_slot)
{
	struct pin_paths paths;
	int fd, err = 0;
	__u32 id;

	if (!find_pins(pins, &paths))
		return 0;
	unlink(paths.staged); /* left by a process that was killed here */
	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_rule_stats], &stats_slot, &id)) {
		err = errno == ENOENT ? 0 : -errno;
		if (err)
			xs_err(pins->ctx, "cannot read slot %u of %s/rule_stats: %s", stats_slot,
			       pins->dir, strerror(-err));
		return err;
	}
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0 || bpf_obj_pin(fd, paths.staged))
		err = -errno;
	if (err)
		xs_err(pins->ctx, "cannot pin %s: %s%s", paths.staged, strerror(-err),
		       err == -EEXIST ? ": what is there was not made by xsteer: remove it" : "");
	else
		xs_pin_copy_access(pins->ctx, paths.staged, paths.now);
	if (fd >= 0)
		close(fd);
	return err;
}

int xs_rule_counters_publish(const struct xs_pins *pins)
{
	struct pin_paths paths;
	int err;

	if (!find_pins(pins, &paths) || access(paths.staged, F_OK) ||
	    !rename(paths.staged, paths.now))
		return 0;
	err = -errno;
	xs_err(pins->ctx, "cannot rename %s to %s: %s", paths.staged, paths.now, strerror(-err));
	return err;
}

void xs_rule_counters_unstage(const struct xs_pins *pins)
{
	struct pin_paths paths;

	if (find_pins(pins, &paths))
		unlink(paths.staged);
}

void xs_rule_counters_close(struct xs_rule_counters *counters)
{
	if (counters->rows)
		munmap(counters->rows, counters->bytes);
	if (counters->fd >= 0)
		close(counters->fd);
	*counters = XS_NO_COUNTERS;
}

static struct xs_rule_stats sum_of(const struct xs_rule_counters *counters, __u32 rule)
{
	struct xs_rule_stats sum = {};

	for (__u32 slice = 0; slice < counters->slices; slice++) {
		const struct xs_rule_stats *row =
			&counters->rows[(size_t)slice * counters->row_cnt + rule];

		sum.packets += __atomic_load_n(&row->packets, __ATOMIC_RELAXED);
		sum.bytes += __atomic_load_n(&row->bytes, __ATOMIC_RELAXED);
	}
	return sum;
}

struct xs_rule_stats *xs_rule_counters_sum(const struct xs_rule_counters *counters)
{
	struct xs_rule_stats *sums = calloc((size_t)counters->row_cnt + 1, sizeof(*sums));

	for (__u32 rule = 0; sums && rule < counters->row_cnt; rule++)
		sums[rule] = sum_of(counters, rule);
	return sums;
}

void xs_rule_counters_carry(struct xs_rule_counters *to, const struct xs_rule_counters *from,
			    const struct xs_rule_pairs *pairs)
{
	struct xs_rule_stats *carried;

	if (!pairs->cnt)
		return;
	carried = &to->rows[(size_t)(to->slices - 1) * to->row_cnt];
	for (__u32 i = 0; i < pairs->cnt; i++)
		carried[pairs->pairs[i].to] = sum_of(from, pairs->pairs[i].from);
}
