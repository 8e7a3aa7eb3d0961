// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-maps stats: prints counters by queue, once or repeatedly; see stats.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "tools/cli/cli.h"
#include "lib/instance/queue_stats.h"
#include "stats.h"
#include "lib/net/netif.h"
#include "tools/cli/json.h"
#include "tools/cli/grid.h"
#include "tools/cli/stop.h"
#include "watched.h"

struct sample {
	struct xs_queue_stats *rows;
	__u32 cnt;
	double at; /* seconds, monotonic */
};

static double seconds(void)
{
	return xs_monotonic_ns() / 1e9;
}

static int take_sample(const struct xs_pins *pins, struct sample *sample)
{
	sample->rows = xs_queue_stats_read(pins, &sample->cnt);
	sample->at = seconds();
	return sample->rows ? 0 : -EIO;
}

static json_t *named(const char *const *names, const __u64 *counters, int cnt)
{
	json_t *object = json_object();

	for (int i = 0; i < cnt; i++)
		json_object_set_new(object, names[i], json_integer((json_int_t)counters[i]));
	return object;
}

json_t *xs_queue_stats_json(const struct xs_queue_stats *row)
{
	return json_pack("{s:I, s:I, s:o, s:o}", "packets", (json_int_t)row->packets, "bytes",
			 (json_int_t)row->bytes, "verdicts",
			 named(xs_verdict_names, xs_verdict_counters(row), XS_VERDICT_MAX),
			 "reasons",
			 named(xs_reason_names + 1, xs_reason_counters(row), XS_REASON_MAX - 1));
}

static void reasons_text(const struct xs_queue_stats *row, char *text, size_t len)
{
	const __u64 *reasons = xs_reason_counters(row);
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < XS_REASON_MAX - 1 && used < len; i++)
		if (reasons[i])
			used += snprintf(text + used, len - used, "%s%s %llu", used ? ", " : "",
					 xs_reason_names[i + 1], reasons[i]);
}

static void stats_cells(struct xs_grid *grid, const char *queue, const struct xs_queue_stats *row,
			const struct xs_queue_stats *delta, double interval)
{
	char reasons[512];

	xs_grid_cell(grid, "%s", queue);
	xs_grid_cell(grid, "%llu", row->packets);
	xs_grid_cell(grid, "%llu", row->bytes);
	if (delta) {
		xs_grid_cell(grid, "%.0f", delta->packets / interval);
		xs_grid_cell(grid, "%.3f", delta->bytes * 8 / interval / 1e6);
	}
	for (int i = 0; i < XS_VERDICT_MAX; i++)
		xs_grid_cell(grid, "%llu", xs_verdict_counters(row)[i]);
	reasons_text(row, reasons, sizeof(reasons));
	xs_grid_cell(grid, "%s", reasons);
}

static bool is_zero(const struct xs_queue_stats *row)
{
	for (size_t i = 0; i < XS_COUNTER_CNT; i++)
		if (xs_counters(row)[i])
			return false;
	return true;
}

struct report {
	const struct sample *now, *before; /* before is NULL: no rates */
	__u32 queues; /* shown even if all are zero */
	double interval;
	bool all;
};

static struct xs_queue_stats delta_of(const struct report *report, __u32 queue)
{
	struct xs_queue_stats delta = report->now->rows[queue];

	if (report->before)
		xs_queue_stats_sub(&delta, &report->before->rows[queue]);
	return delta;
}

static void add_rates(json_t *object, const struct report *report,
		      const struct xs_queue_stats *delta)
{
	if (report->before)
		json_object_set_new(object, "rates",
				    json_pack("{s:f, s:f}", "packets_per_second",
					      delta->packets / report->interval, "bits_per_second",
					      delta->bytes * 8 / report->interval));
}

static int stats_print_json(struct xs_cli *cli, const char *ifname, const struct report *report)
{
	struct xs_queue_stats total = {}, total_delta = {};
	json_t *queues = json_array(), *object;

	for (__u32 q = 0; q < report->now->cnt; q++) {
		const struct xs_queue_stats *row = &report->now->rows[q];
		struct xs_queue_stats delta = delta_of(report, q);

		xs_queue_stats_add(&total, row);
		xs_queue_stats_add(&total_delta, &delta);
		if (q >= report->queues && is_zero(row) && !report->all)
			continue;
		object = xs_queue_stats_json(row);
		json_object_set_new(object, "queue", json_integer(q));
		add_rates(object, report, &delta);
		json_array_append_new(queues, object);
	}
	object = xs_queue_stats_json(&total);
	add_rates(object, report, &total_delta);
	object = json_pack("{s:o, s:o, s:o}", "interface", xs_json_text(ifname), "queues", queues,
			   "total", object);
	if (report->before)
		json_object_set_new(object, "interval", json_real(report->interval));
	return xs_json_print(cli, object);
}

_Static_assert(XS_VERDICT_MAX == 7, "a column for each verdict");

/* Where numbers are long, there may be no room for verdicts that no frame had. */
static struct xs_grid *stats_grid(const struct report *report)
{
	static const char *const verdicts[] = {
		"Pass", "Drop", "Tx", "Xsk", "Cpu", "Dev", "Chain"
	};
	struct xs_queue_stats total = {};
	char columns[128];
	size_t used;

	for (__u32 q = 0; q < report->now->cnt; q++)
		xs_queue_stats_add(&total, &report->now->rows[q]);
	used = snprintf(columns, sizeof(columns), "Queue|>Packets|>Bytes%s",
			report->before ? "|>Packets/s|>Mbit/s" : "");
	for (int i = 0; i < XS_VERDICT_MAX; i++)
		used += snprintf(columns + used, sizeof(columns) - used, "|%s>%s",
				 xs_verdict_counters(&total)[i] ? "" : "?", verdicts[i]);
	snprintf(columns + used, sizeof(columns) - used, "|Reasons");
	return xs_grid_new(columns);
}

static void stats_print_grid(const struct report *report)
{
	struct xs_queue_stats total = {}, total_delta = {};
	struct xs_grid *grid = stats_grid(report);

	for (__u32 q = 0; q < report->now->cnt; q++) {
		const struct xs_queue_stats *row = &report->now->rows[q];
		struct xs_queue_stats delta = delta_of(report, q);
		char name[16];

		xs_queue_stats_add(&total, row);
		xs_queue_stats_add(&total_delta, &delta);
		if (q >= report->queues && is_zero(row) && !report->all)
			continue;
		snprintf(name, sizeof(name), "%u", q);
		stats_cells(grid, name, row, report->before ? &delta : NULL, report->interval);
	}
	stats_cells(grid, "total", &total, report->before ? &total_delta : NULL, report->interval);
	xs_grid_print(grid);
}

static void show_stats(struct xs_cli *cli, const char *ifname, const struct report *report)
{
	if (cli->json)
		stats_print_json(cli, ifname, report);
	else
		stats_print_grid(report);
	fflush(stdout);
}

/* If the instance was attached again, everything that it has counted is new. */
static int look_again(struct xs_cli *cli, struct xs_netif *netif, struct xs_pins *pins,
		      struct sample *before)
{
	int got = xs_watched_again(pins, netif);
	struct sample first;

	if (got <= 0)
		return got;
	xs_note(cli->ctx, "%s: attached again: its counters restarted at 0", netif->name);
	got = take_sample(pins, &first);
	if (got)
		return got;
	memset(first.rows, 0, first.cnt * sizeof(*first.rows));
	free(before->rows);
	before->rows = first.rows;
	before->cnt = first.cnt;
	return 0;
}

static int watch_stats(struct xs_cli *cli, struct xs_netif *netif, struct xs_pins *pins,
		       const struct xs_stats_opts *opts)
{
	struct sample before, now;
	sigset_t signals;
	int err;

	xs_stop_block(&signals);
	err = take_sample(pins, &before);
	if (err)
		return err;
	for (__u64 n = 0; !opts->count || n < opts->count; n++) {
		struct report report = { .now = &now, .before = &before, .all = opts->all };

		if (!xs_stop_wait(&signals, opts->watch_sec))
			break;
		err = look_again(cli, netif, pins, &before);
		if (!err)
			err = take_sample(pins, &now);
		if (err)
			break;
		report.interval = now.at - before.at;
		report.queues = netif->rx_queues;
		xs_stop_begin_output();
		if (n && !cli->json)
			putchar('\n');
		show_stats(cli, netif->name, &report);
		xs_stop_end_output();
		free(before.rows);
		before = now;
		if (ferror(stdout) || xs_stop_asked())
			break;
	}
	free(before.rows);
	return err;
}

int xs_maps_stats(struct xs_cli *cli, struct xs_pins *pins, const char *ifname,
		  const struct xs_stats_opts *opts)
{
	struct xs_netif netif;
	struct sample now;
	int err;

	err = xs_netif_get(cli->ctx, &netif, ifname);
	if (err)
		return err;
	if (opts->watch_sec)
		return watch_stats(cli, &netif, pins, opts);
	err = take_sample(pins, &now);
	if (!err) {
		const struct report report = { .now = &now,
					       .queues = netif.rx_queues,
					       .all = opts->all };

		show_stats(cli, ifname, &report);
		free(now.rows);
	}
	return err;
}
