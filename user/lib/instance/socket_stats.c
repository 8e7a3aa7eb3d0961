// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What sockets have counted; see socket_stats.h. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#include "socket_stats.h"

static bool read_row(const struct xs_pins *pins, __u32 slot, struct xs_socket_stats *row)
{
	const int fd = pins->map_fds[XS_MAP_xsk_stats_map];

	return fd >= 0 && !bpf_map_lookup_elem(fd, &slot, row);
}

struct xs_socket_stats *xs_socket_stats_get(const struct xs_pins *pins)
{
	struct xs_socket_stats *rows = calloc(pins->all_slots + 1, sizeof(*rows));
	const int fd = pins->map_fds[XS_MAP_xsk_stats_map];
	__u32 slot, *before = NULL;

	/* No row is ever deleted, so no walk begins again. */
	while (rows && fd >= 0 && !bpf_map_get_next_key(fd, before, &slot)) {
		if (slot < pins->all_slots)
			read_row(pins, slot, &rows[slot]);
		before = &slot;
	}
	return rows;
}

bool xs_socket_counts_any(const struct xs_socket_counts *counts)
{
	const struct xs_socket_counts none = {};

	return memcmp(counts, &none, sizeof(none));
}

void xs_socket_counts_add(struct xs_socket_counts *sum, const struct xs_socket_counts *part)
{
#define X(name) sum->name += part->name;
	XS_SOCKET_COUNTERS(X)
	XS_SOCKET_LOSSES(X)
#undef X
}

static void write_row(const struct xs_pins *pins, __u32 slot, struct xs_socket_stats *row)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	row->seen_ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	bpf_map_update_elem(pins->map_fds[XS_MAP_xsk_stats_map], &slot, row, BPF_ANY);
}

void xs_socket_stats_begin(const struct xs_pins *pins, __u32 slot, __u32 queue, __u64 since_ns)
{
	struct xs_socket_stats row = {};

	if (pins->map_fds[XS_MAP_xsk_stats_map] < 0)
		return;
	read_row(pins, slot, &row); /* otherwise it is the first socket of the slot */
	xs_socket_counts_add(&row.earlier, &row.last);
	row.last = (struct xs_socket_counts){};
	row.since_ns = since_ns;
	row.queue = queue;
	write_row(pins, slot, &row);
}

void xs_socket_stats_keep(const struct xs_pins *pins, __u32 slot, __u64 since_ns,
			  const struct xs_socket_counts *counts)
{
	struct xs_socket_stats row;

	if (!read_row(pins, slot, &row) || row.since_ns != since_ns)
		return;
	row.last = *counts;
	write_row(pins, slot, &row);
}
