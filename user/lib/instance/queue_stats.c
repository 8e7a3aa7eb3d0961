// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reading the counters of an instance; see counters.h. */
#include <errno.h>
#include <stddef.h>
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

#define AT(member) (offsetof(struct xs_queue_stats, member) / sizeof(__u64))

/*
 * Widens a row of ABI 2 or older. It has no verdict_chain, so all reasons are one place
 * earlier, and no reason_no_chain. Goes from the last to the first, since both are in
 * the same memory.
 */
static void widen_row(struct xs_queue_stats *row)
{
	__u64 *counters = (__u64 *)row;

	for (size_t i = AT(reason_no_chain); i-- > AT(reason_default);)
		counters[i] = counters[i - 1];
	row->verdict_chain = row->reason_no_chain = 0;
}

/* Reads the rows of all CPUs, in this build's layout. */
static int read_row(const struct xs_pins *pins, __u32 queue, struct xs_queue_stats *cpus,
		    int cpu_cnt)
{
	__u32 bytes = pins->stats_bytes ? pins->stats_bytes : sizeof(*cpus);

	if (bpf_map_lookup_elem(pins->map_fds[XS_MAP_xdp_stats_map], &queue, cpus)) {
		int err = -errno;

		xs_err(pins->ctx, "cannot read queue %u of %s/xdp_stats_map: %s", queue, pins->dir,
		       strerror(-err));
		return err;
	}
	for (int cpu = cpu_cnt; bytes < sizeof(*cpus) && cpu-- > 0;) {
		memmove(&cpus[cpu], (char *)cpus + (size_t)cpu * bytes, bytes);
		if (bytes == XS_QUEUE_STATS_BYTES_AT_2)
			widen_row(&cpus[cpu]);
		cpus[cpu].reason_over_limit = 0;
	}
	return 0;
}

int xs_queue_stats_copy(const struct xs_pins *from, int to_fd)
{
	int cpu_cnt = libbpf_num_possible_cpus(), err = 0;
	struct xs_queue_stats *cpus = calloc(cpu_cnt > 0 ? cpu_cnt : 1, sizeof(*cpus));

	if (!cpus) {
		xs_err(from->ctx, "not enough memory to copy counters");
		return -ENOMEM;
	}
	for (__u32 queue = 0; !err && queue < from->slots; queue++) {
		err = read_row(from, queue, cpus, cpu_cnt);
		if (err || !bpf_map_update_elem(to_fd, &queue, cpus, BPF_ANY))
			continue;
		err = -errno;
		xs_err(from->ctx, "cannot copy the counters of queue %u: %s", queue,
		       strerror(-err));
	}
	free(cpus);
	return err;
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
	for (__u32 queue = 0; !err && queue < pins->slots; queue++) {
		err = read_row(pins, queue, cpus, cpu_cnt);
		for (int cpu = 0; !err && cpu < cpu_cnt; cpu++)
			xs_queue_stats_add(&rows[queue], &cpus[cpu]);
	}
	free(cpus);
	if (err) {
		free(rows);
		return NULL;
	}
	*cnt = pins->slots;
	return rows;
}
