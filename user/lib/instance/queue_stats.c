// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reading the counters of an instance; see counters.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/base/ctx.h"
#include "queue_stats.h"

void xs_queue_stats_add(struct xs_queue_stats *sum, const struct xs_queue_stats *row)
{
	for (size_t i = 0; i < XS_COUNTER_CNT; i++)
		((__u64 *)sum)[i] += xs_counters(row)[i];
}

void xs_queue_stats_sub(struct xs_queue_stats *now, const struct xs_queue_stats *before)
{
	for (size_t i = 0; i < XS_COUNTER_CNT; i++) {
		__u64 *counter = &((__u64 *)now)[i];

		*counter = *counter > xs_counters(before)[i] ? *counter - xs_counters(before)[i]
							     : 0;
	}
}

static int read_row(const struct xs_pins *pins, __u32 queue, struct xs_queue_stats *cpus,
		    int cpu_cnt, struct xs_queue_stats *sum)
{
	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_xdp_stats_map], &queue, cpus)) {
		int err = -errno;

		xs_err(pins->ctx, "cannot read queue %u of %s/xdp_stats_map: %s", queue, pins->dir,
		       strerror(-err));
		return err;
	}
	for (int cpu = 0; cpu < cpu_cnt; cpu++)
		xs_queue_stats_add(sum, &cpus[cpu]);
	return 0;
}

struct xs_queue_stats *xs_queue_stats_read(const struct xs_pins *pins, __u32 *cnt)
{
	int cpu_cnt = libbpf_num_possible_cpus();
	struct xs_queue_stats *rows, *cpus;
	int err = 0;

	if (cpu_cnt < 1)
		cpu_cnt = 1;
	rows = calloc(pins->slots, sizeof(*rows));
	cpus = calloc(cpu_cnt, sizeof(*cpus));
	if (!rows || !cpus)
		err = -ENOMEM;
	for (__u32 queue = 0; !err && queue < pins->slots; queue++)
		err = read_row(pins, queue, cpus, cpu_cnt, &rows[queue]);
	free(cpus);
	if (err) {
		free(rows);
		return NULL;
	}
	*cnt = pins->slots;
	return rows;
}
