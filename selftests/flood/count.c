// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What was sent and what came back, how late, and what it cost whom. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../meter.h"
#include "flood.h"

#include "selftests/progs/flood.skel.h"

__u64 flood_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void flood_add_sinks(const struct flood *f, struct flood_sink *sum)
{
	int i;

	for (i = 0; i < FLOOD_CPUS; i++) {
		const volatile struct flood_sink *s = &f->skel->bss->sink[i];

		sum->returned += s->returned;
		sum->returned_bytes += s->returned_bytes;
		sum->duplicated += s->duplicated;
		sum->resized += s->resized;
		sum->foreign += s->foreign;
	}
}

static void add_latencies(const struct flood *f, struct xs_latency *sum)
{
	int cpus = libbpf_num_possible_cpus(), cpu;
	__u64 *values = calloc(cpus > 0 ? cpus : 1, sizeof(*values));
	__u32 i;

	for (i = 0; values && i < XS_LATENCY_BUCKETS; i++) {
		if (bpf_map_lookup_elem(bpf_map__fd(f->skel->maps.latencies), &i, values))
			continue;
		for (cpu = 0; cpu < cpus; cpu++)
			sum->buckets[i] += values[cpu];
	}
	free(values);
}

void flood_take(const struct flood *f, struct flood_snapshot *s)
{
	int i, k;

	memset(s, 0, sizeof(*s));
	s->now_ns = flood_now_ns();
	/* returned before sent: so that no more are returned than sent */
	flood_add_sinks(f, &s->sink);
	for (i = 0; i < f->sender_cnt; i++)
		s->sent += *(volatile __u64 *)&f->senders[i].state->sent;
	s->own_ns = meter_own_ns();
	for (i = 0; i < f->group_cnt; i++)
		for (k = 0; k < f->groups[i].cnt; k++)
			s->group_ns[i] += meter_process_ns(f->groups[i].pids[k]);
	s->busy_ns = meter_busy_ns();
	if (f->latency)
		add_latencies(f, &s->latency);
	if (f->sockets_of)
		s->sockets = meter_sockets(f->sockets_of, &s->xdp);
}

static void subtract_latency(struct xs_latency *to, const struct xs_latency *from)
{
	__u32 i;

	for (i = 0; i < XS_LATENCY_BUCKETS; i++) {
		to->buckets[i] -= from->buckets[i];
		to->count += to->buckets[i];
		if (to->buckets[i])
			to->max_ns = xs_latency_bucket_max(i);
	}
}

void flood_subtract(const struct flood *f, const struct flood_snapshot *a, struct flood_snapshot *b)
{
	int i;

	b->now_ns -= a->now_ns;
	b->sent -= a->sent;
	b->sink.returned -= a->sink.returned;
	b->sink.returned_bytes -= a->sink.returned_bytes;
	b->sink.duplicated -= a->sink.duplicated;
	b->sink.resized -= a->sink.resized;
	b->sink.foreign -= a->sink.foreign;
	b->own_ns -= a->own_ns;
	b->busy_ns -= a->busy_ns;
	for (i = 0; i < f->group_cnt; i++)
		b->group_ns[i] -= a->group_ns[i];
	subtract_latency(&b->latency, &a->latency);
	b->xdp.rx_dropped -= a->xdp.rx_dropped;
	b->xdp.rx_ring_full -= a->xdp.rx_ring_full;
	b->xdp.rx_fill_ring_empty_descs -= a->xdp.rx_fill_ring_empty_descs;
	b->xdp.rx_invalid_descs -= a->xdp.rx_invalid_descs;
	b->xdp.tx_invalid_descs -= a->xdp.tx_invalid_descs;
}
