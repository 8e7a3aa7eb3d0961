// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What the bouncer prints at the start, at each interval and at the end: as text in the
 * openNetVM manager's format, or as JSON, one object on each line. Reads the workers'
 * counters and changes nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "lib/base/clock.h"
#include "lib/base/escape.h"
#include "version.h"
#include "bouncer.h"
#include "tools/cli/out.h"
#include "stats.h"
#include "totals.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"

#define SCHEMA 1

/* One report, printed as a whole: the reader may be slow, but the bouncer must not be. */
struct report {
	FILE *to;
	char *text;
	size_t len;
};

/* If there is no memory, ->to is NULL and there is no report. */
static FILE *begin_report(struct report *report)
{
	*report = (struct report){};
	report->to = open_memstream(&report->text, &report->len);
	return report->to;
}

/* -EPIPE: nobody can read any more. This ends the bouncer, although not by a signal. */
static int end_report(const struct xs_bouncer *b, struct report *report, bool *lost)
{
	bool broken = ferror(report->to), taken;

	broken = fclose(report->to) || broken;
	taken = !broken && xs_out_put(b->out, STDOUT_FILENO, report->text, report->len);
	free(report->text);
	*lost = !taken;
	return xs_out_error(b->out) ? -EPIPE : 0;
}

static void emit(const struct xs_cli *cli, FILE *to, json_t *object)
{
	if (object)
		json_dumpf(object, to,
			   JSON_REAL_PRECISION(9) | (cli->pretty ? JSON_INDENT(2) : JSON_COMPACT));
	json_decref(object);
	fputc('\n', to);
}

/* 1234567 -> "1,234,567", whatever the locale. */
static const char *group(char text[32], double value)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%.0f", value), i, n = 0;

	for (i = 0; i < len && n < 30; i++) {
		text[n++] = digits[i];
		if ((len - 1 - i) % 3 == 0 && i < len - 1)
			text[n++] = ',';
	}
	text[n] = '\0';
	return text;
}

static const char *mode_text(enum xs_xsk_mode mode)
{
	return mode == XS_XSK_zero_copy ? "zero-copy" : mode == XS_XSK_copy ? "copy" : "auto";
}

static const char *wait_text(const struct xs_bouncer_opts *opts)
{
	return opts->adaptive ? "adaptive" : opts->poll ? "poll" : "busy-wait";
}

static const char *source_text(const struct xs_bouncer *b, char text[PATH_MAX + 64])
{
	const struct xs_steer *steer = &b->steer;

	switch (steer->kind) {
	case XS_STEER_instance:
		snprintf(text, PATH_MAX + 64, "%s %s",
			 steer->attached ? "attached, in" : "joined in", steer->pins.dir);
		break;
	case XS_STEER_object:
		snprintf(text, PATH_MAX + 64, "%s",
			 b->opts.object ? b->opts.object : "the object of the bouncer before");
		break;
	default:
		snprintf(text, PATH_MAX + 64, "XSKMAP id %u", steer->map_id);
	}
	return text;
}

static json_t *start_json(const struct xs_bouncer *b)
{
	json_t *queues = json_array(), *start;
	char text[PATH_MAX + 64];
	__u32 i;

	for (i = 0; i < b->worker_cnt; i++) {
		const struct xs_xsk *x = &b->workers[i].xsk;

		json_array_append_new(queues, json_pack("{s:i, s:s, s:s, s:i, s:i, s:i, s:b, s:b}",
							"queue", (int)b->workers[i].queue, "mode",
							mode_text(x->mode), "asked",
							mode_text(b->opts.want), "frames",
							(int)x->frame_cnt, "frame_size",
							(int)x->frame_size, "ring", (int)x->rx.size,
							"huge", x->huge, "multi_buffer", x->sg));
	}
	start = json_pack("{s:i, s:s, s:o, s:i, s:s, s:o, s:s, s:I, s:o}", "schema", SCHEMA, "type",
			  "start", "interface", xs_json_text(b->netif.name), "ifindex",
			  (int)b->netif.ifindex, "xdp_mode", b->steer.mode, "program",
			  xs_json_text(source_text(b, text)), "wait", wait_text(&b->opts), "pid",
			  (json_int_t)getpid(), "queues", queues);
	if (b->take.from)
		json_object_set_new(start, "took_over",
				    json_pack("{s:i, s:I}", "pid", (int)b->take.from, "rx_packets",
					      (json_int_t)b->take.received));
	return start;
}

static const char *why_not_zero_copy(const struct xs_bouncer *b, const struct xs_xsk *x)
{
	if (x->sg && b->netif.xdp_zc_max_segs == 1)
		return "the driver's takes packets of one buffer only";
	return x->fallback_errno == EOPNOTSUPP ? "the driver has none here"
					       : strerror(x->fallback_errno);
}

static void print_socket(FILE *to, const struct xs_bouncer *b, const struct xs_worker *w)
{
	const struct xs_xsk *x = &w->xsk;

	fprintf(to, "  Queue %u:     %s mode", w->queue, mode_text(x->mode));
	if (x->fallback_errno)
		fprintf(to, ", not zero-copy: %s", why_not_zero_copy(b, x));
	fprintf(to, "\n");
	fprintf(to, "    UMEM:      %u frames x %u bytes = %zu KB%s%s%s\n", x->frame_cnt,
		x->frame_size, (size_t)x->own.bytes / 1024, x->unaligned ? ", unaligned" : "",
		x->sg ? ", packets over several frames" : "",
		b->opts.huge ? x->huge ? ", huge pages"
				       : ", small pages: no huge page is free (vm.nr_hugepages)"
			     : "");
	fprintf(to,
		"    Rings:     RX %u, TX %u, fill %u, completion %u; batch %u, %u packets a "
		"sendto()\n",
		x->rx.size, x->tx.size, x->fill.size, x->comp.size, b->opts.batch, x->tx_budget);
}

static void print_start(FILE *to, const struct xs_bouncer *b)
{
	char text[PATH_MAX + 64];
	__u32 i;

	fprintf(to, "xsteer-bouncer %s\n", XS_VERSION_TEXT);
	fprintf(to, "  Interface:   %s (index %u)\n", xs_shown(b->netif.name).text,
		b->netif.ifindex);
	fprintf(to, "  XDP program: %s%s%s%s\n", xs_shown(source_text(b, text)).text,
		b->steer.mode[0] ? " (" : "", b->steer.mode, b->steer.mode[0] ? " mode)" : "");
	fprintf(to, "  Queues:      %u of %u\n", b->worker_cnt, b->netif.rx_queues);
	if (b->take.from)
		fprintf(to, "  Taken over:  from process %d, which had received %llu packets\n",
			b->take.from, b->take.received);
	fprintf(to, "  Waits by:    %s\n", wait_text(&b->opts));
	for (i = 0; i < b->worker_cnt; i++)
		print_socket(to, b, &b->workers[i]);
}

int xs_stats_start(struct xs_bouncer *b)
{
	struct report report;
	bool lost;

	if (!begin_report(&report))
		return -ENOMEM;
	if (b->cli->json)
		emit(b->cli, report.to, start_json(b));
	else
		print_start(report.to, b);
	return end_report(b, &report, &lost);
}

static void print_line(FILE *to, const char *label, __u64 packets, __u64 bytes, __u64 new_packets,
		       __u64 new_bytes, double period)
{
	char total[32], rate[32], kbytes[32];

	fprintf(to, "%s %14s pkts (%10s pps) %11s Kbytes (%6.0f Mbits/s) period:%f\n", label,
		group(total, packets), group(rate, new_packets / period),
		group(kbytes, bytes / 1e3), new_bytes * 8 / period / 1e6, period);
}

static void print_losses(FILE *to, const struct xs_totals *t, const char *head)
{
	struct xs_total_loss losses[XS_TOTAL_LOSSES];
	const char *separator = head;
	unsigned int i;

	xs_totals_losses(t, losses);
	for (i = 0; i < XS_TOTAL_LOSSES; i++) {
		if (!losses[i].packets || !losses[i].text)
			continue;
		fprintf(to, "%s%llu %s", separator, losses[i].packets, losses[i].text);
		separator = ", ";
	}
	if (separator != head)
		fprintf(to, "\n");
}

static void add_latency(const struct xs_bouncer *b, struct xs_latency *sum)
{
	__u32 i;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < b->worker_cnt; i++)
		xs_latency_add(sum, &b->workers[i].latency);
}

static const struct {
	const char *name;
	double quantile;
} quantiles[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p99.9", 0.999 } };

static void print_latency(FILE *to, const struct xs_bouncer *b)
{
	struct xs_latency hist;
	unsigned int i;

	if (!b->opts.latency)
		return;
	add_latency(b, &hist);
	fprintf(to, "  latency, us:");
	for (i = 0; i < 4; i++)
		fprintf(to, " %s %.1f,", quantiles[i].name,
			xs_latency_quantile(&hist, quantiles[i].quantile) / 1e3);
	fprintf(to, " max %.1f of %llu packets\n", hist.max_ns / 1e3, hist.count);
}

static json_t *latency_json(const struct xs_bouncer *b)
{
	struct xs_latency hist;
	json_t *object;
	unsigned int i;

	add_latency(b, &hist);
	object = json_pack("{s:I, s:I}", "packets", (json_int_t)hist.count, "max_ns",
			   (json_int_t)hist.max_ns);
	for (i = 0; i < 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%s_ns", quantiles[i].name);
		json_object_set_new(
			object, name,
			json_integer(xs_latency_quantile(&hist, quantiles[i].quantile)));
	}
	return object;
}

static json_t *totals_json(const struct xs_totals *t)
{
	struct xs_total_loss losses[XS_TOTAL_LOSSES];
	json_t *object =
		json_pack("{s:{s:I, s:I}, s:{s:I, s:I}, s:I, s:I, s:I}", "rx", "packets",
			  (json_int_t)t->xsk.rx_packets, "bytes", (json_int_t)t->xsk.rx_bytes, "tx",
			  "packets", (json_int_t)t->xsk.tx_packets, "bytes",
			  (json_int_t)t->xsk.tx_bytes, "sendto", (json_int_t)t->xsk.kicks,
			  "recvfrom", (json_int_t)t->xsk.wakeups, "sleeps", (json_int_t)t->sleeps);
	unsigned int i;

	xs_totals_losses(t, losses);
	for (i = 0; i < XS_TOTAL_LOSSES; i++)
		json_object_set_new(object, losses[i].name, json_integer(losses[i].packets));
	return object;
}

static json_t *queues_json(const struct xs_bouncer *b)
{
	json_t *queues = json_array();
	__u32 i;

	for (i = 0; i < b->worker_cnt; i++) {
		struct xs_totals totals = {};
		json_t *object;

		xs_totals_add(&totals, &b->workers[i]);
		object = totals_json(&totals);
		json_object_set_new(object, "queue", json_integer(b->workers[i].queue));
		json_array_append_new(queues, object);
	}
	return queues;
}

static void emit_totals(FILE *to, const struct xs_bouncer *b, const char *type,
			const struct xs_totals *now, const struct xs_xsk_counters *before,
			double period)
{
	json_t *object = json_pack("{s:i, s:s, s:o, s:f}", "schema", SCHEMA, "type", type,
				   "interface", xs_json_text(b->netif.name), "period", period);
	json_t *totals = totals_json(now);

	json_object_update(object, totals);
	json_decref(totals);
	json_object_set_new(object, "rx_pps",
			    json_real((now->xsk.rx_packets - before->rx_packets) / period));
	json_object_set_new(object, "tx_pps",
			    json_real((now->xsk.tx_packets - before->tx_packets) / period));
	if (b->opts.latency)
		json_object_set_new(object, "latency", latency_json(b));
	json_object_set_new(object, "queues", queues_json(b));
	if (b->why)
		json_object_set_new(object, "stopped_by", xs_json_text(b->why));
	emit(b->cli, to, object);
}

static void print_totals(FILE *to, const struct xs_bouncer *b, const struct xs_totals *now,
			 const struct xs_xsk_counters *before, double period)
{
	print_line(to, "AF_XDP RX:", now->xsk.rx_packets, now->xsk.rx_bytes,
		   now->xsk.rx_packets - before->rx_packets, now->xsk.rx_bytes - before->rx_bytes,
		   period);
	print_line(to, "       TX:", now->xsk.tx_packets, now->xsk.tx_bytes,
		   now->xsk.tx_packets - before->tx_packets, now->xsk.tx_bytes - before->tx_bytes,
		   period);
	print_losses(to, now, "  drops: ");
	print_latency(to, b);
}

int xs_stats_interval(struct xs_bouncer *b)
{
	struct xs_totals now = xs_totals_of(b);
	const struct xs_xsk_counters before = b->last;
	__u64 ns = xs_monotonic_ns();
	/* Measured, since a timer may be late. */
	double period = (ns - b->last_ns) / 1e9;
	struct report report;
	bool lost;
	int err;

	if (!begin_report(&report))
		return 0; /* the next report includes this one */
	b->last = now.xsk;
	b->last_ns = ns;
	if (b->cli->json)
		emit_totals(report.to, b, "interval", &now, &before, period);
	else
		print_totals(report.to, b, &now, &before, period);
	err = end_report(b, &report, &lost);
	b->lost_reports += lost;
	return err;
}

static void print_final(FILE *to, const struct xs_bouncer *b, const struct xs_totals *now)
{
	__u32 i;

	fprintf(to, "\n--- Final Statistics ---\n");
	fprintf(to, "RX: %llu packets, %llu bytes\n", now->xsk.rx_packets, now->xsk.rx_bytes);
	fprintf(to, "TX: %llu packets, %llu bytes\n", now->xsk.tx_packets, now->xsk.tx_bytes);
	for (i = 0; b->worker_cnt > 1 && i < b->worker_cnt; i++) {
		struct xs_totals queue = {};

		xs_totals_add(&queue, &b->workers[i]);
		fprintf(to, "  queue %u: RX %llu, TX %llu\n", b->workers[i].queue,
			queue.xsk.rx_packets, queue.xsk.tx_packets);
	}
	print_losses(to, now, "Drops: ");
	print_latency(to, b);
}

int xs_stats_final(struct xs_bouncer *b)
{
	struct xs_totals now = xs_totals_of(b);
	double period = (xs_monotonic_ns() - b->start_ns) / 1e9;
	struct report report;
	bool lost;
	int err;

	if (!begin_report(&report))
		return -ENOMEM;
	if (b->cli->json)
		emit_totals(report.to, b, "final", &now, &b->first, period);
	else
		print_final(report.to, b, &now);
	err = end_report(b, &report, &lost);
	return err ? err : lost ? -EPIPE : 0;
}
