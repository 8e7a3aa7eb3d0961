// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Counts as text and as JSON. */
#include <stdio.h>
#include <jansson.h>

#include "flood.h"

static json_t *counts_json(const struct flood_snapshot *s)
{
	return json_pack("{s:f s:I s:I s:I s:I s:I s:I}", "seconds", s->now_ns / 1e9, "sent",
			 (json_int_t)s->sent, "returned", (json_int_t)s->sink.returned, "lost",
			 (json_int_t)(s->sent - s->sink.returned), "duplicated",
			 (json_int_t)s->sink.duplicated, "resized", (json_int_t)s->sink.resized,
			 "foreign", (json_int_t)s->sink.foreign);
}

static json_t *cpu_json(const struct flood *f, const struct flood_snapshot *s)
{
	json_t *cpu = json_object();
	__u64 known_ns = s->own_ns;
	int i;

	for (i = 0; i < f->group_cnt; i++) {
		json_object_set_new(cpu, f->groups[i].name, json_integer(s->group_ns[i]));
		known_ns += s->group_ns[i];
	}
	json_object_set_new(cpu, "flood", json_integer(s->own_ns));
	json_object_set_new(cpu, "others",
			    json_integer(s->busy_ns > known_ns ? s->busy_ns - known_ns : 0));
	return cpu;
}

static json_t *latency_json(const struct xs_latency *l)
{
	return json_pack("{s:I s:I s:I s:I s:I s:I}", "frames", (json_int_t)l->count, "p50",
			 (json_int_t)xs_latency_quantile(l, 0.5), "p90",
			 (json_int_t)xs_latency_quantile(l, 0.9), "p99",
			 (json_int_t)xs_latency_quantile(l, 0.99), "p99.9",
			 (json_int_t)xs_latency_quantile(l, 0.999), "max", (json_int_t)l->max_ns);
}

static json_t *sockets_json(const struct flood_snapshot *s)
{
	return json_pack("{s:i s:I s:I s:I s:I s:I}", "sockets", s->sockets < 0 ? 0 : s->sockets,
			 "rx_dropped", (json_int_t)s->xdp.rx_dropped, "rx_ring_full",
			 (json_int_t)s->xdp.rx_ring_full, "rx_fill_ring_empty",
			 (json_int_t)s->xdp.rx_fill_ring_empty_descs, "rx_invalid",
			 (json_int_t)s->xdp.rx_invalid_descs, "tx_invalid",
			 (json_int_t)s->xdp.tx_invalid_descs);
}

static void print_text(const char *what, const struct flood_snapshot *s)
{
	double seconds = s->now_ns / 1e9;

	printf("%-8s %7.2f s  sent %llu (%.3f Mpps)  returned %llu (%.3f Mpps)  lost %lld  "
	       "duplicated %llu  resized %llu  foreign %llu\n",
	       what, seconds, s->sent, s->sent / seconds / 1e6, s->sink.returned,
	       s->sink.returned / seconds / 1e6, (long long)(s->sent - s->sink.returned),
	       s->sink.duplicated, s->sink.resized, s->sink.foreign);
}

static void print_json(json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(object);
}

void flood_print_interval(const struct flood *f, const struct flood_snapshot *s)
{
	json_t *object;

	if (f->json) {
		object = counts_json(s);
		json_object_set_new(object, "event", json_string("interval"));
		print_json(object);
	} else {
		print_text("", s);
	}
	fflush(stdout);
}

void flood_print_final(const struct flood *f, const struct flood_snapshot *window,
		       const struct flood_snapshot *total)
{
	const struct xs_latency *l = &window->latency;
	json_t *object, *in_window;
	int i;

	if (f->json) {
		object = counts_json(total);
		in_window = counts_json(window);
		json_object_set_new(object, "event", json_string("final"));
		json_object_set_new(object, "schema", json_integer(1));
		json_object_set_new(in_window, "cpu_ns", cpu_json(f, window));
		if (f->latency)
			json_object_set_new(in_window, "latency_ns", latency_json(l));
		json_object_set_new(object, "window", in_window);
		if (f->sockets_of)
			json_object_set_new(object, "xdp_statistics", sockets_json(total));
		print_json(object);
		return;
	}
	print_text("window", window);
	for (i = 0; i < f->group_cnt; i++)
		printf("  %-8s %.3f us a returned frame\n", f->groups[i].name,
		       window->sink.returned
			       ? (double)window->group_ns[i] / window->sink.returned / 1e3
			       : 0);
	if (f->latency)
		printf("  latency  p50 %llu  p90 %llu  p99 %llu  p99.9 %llu  max %llu ns\n",
		       xs_latency_quantile(l, 0.5), xs_latency_quantile(l, 0.9),
		       xs_latency_quantile(l, 0.99), xs_latency_quantile(l, 0.999), l->max_ns);
	print_text("total", total);
}
