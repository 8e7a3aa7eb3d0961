// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Counters as Prometheus text; see maps_export.h. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "counters.h"
#include "maps_export.h"
#include "xsk_peek.h"

/* An instance with what was read of it. */
struct exported {
	const struct xs_pins *pins;
	struct xs_queue_stats *rows;
	__u32 cnt;
};

/* A label's value; interface names may hold quotes and backslashes. */
static void put_label(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', out);
		fputc(*value, out);
	}
}

static void put_family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_value(FILE *out, const char *name, const struct exported *from, __u32 queue,
		      const char *label, const char *label_value, __u64 value)
{
	fprintf(out, "%s{interface=\"", name);
	put_label(out, from->pins->ifname);
	fprintf(out, "\",queue=\"%u\"", queue);
	if (label)
		fprintf(out, ",%s=\"%s\"", label, label_value);
	fprintf(out, "} %llu\n", value);
}

static void put_queues(FILE *out, const struct exported *from, int cnt, const char *name,
		       size_t counter)
{
	for (int i = 0; i < cnt; i++)
		for (__u32 q = 0; q < from[i].cnt; q++)
			if (from[i].rows[q].packets)
				put_value(out, name, &from[i], q, NULL, NULL,
					  xs_counters(&from[i].rows[q])[counter]);
}

/* One family of counters with a label: verdicts, or reasons. */
static void put_labelled(FILE *out, const struct exported *from, int cnt, const char *name,
			 const char *label, const char *const *names, size_t first, int counters)
{
	for (int i = 0; i < cnt; i++)
		for (__u32 q = 0; q < from[i].cnt; q++)
			for (int c = 0; from[i].rows[q].packets && c < counters; c++)
				put_value(out, name, &from[i], q, label, names[c],
					  xs_counters(&from[i].rows[q])[first + c]);
}

#define COUNTER(field) (offsetof(struct xs_queue_stats, field) / sizeof(__u64))

static void put_counters(FILE *out, const struct exported *from, int cnt)
{
	put_family(out, "xsteer_packets_total", "counter", "Frames received.");
	put_queues(out, from, cnt, "xsteer_packets_total", COUNTER(packets));
	put_family(out, "xsteer_bytes_total", "counter",
		   "Bytes received, from the Ethernet header on.");
	put_queues(out, from, cnt, "xsteer_bytes_total", COUNTER(bytes));
	put_family(out, "xsteer_verdict_packets_total", "counter",
		   "Frames by what became of them.");
	put_labelled(out, from, cnt, "xsteer_verdict_packets_total", "verdict", xs_verdict_names,
		     COUNTER(verdict_pass), XS_VERDICT_MAX);
	put_family(out, "xsteer_reason_packets_total", "counter",
		   "Frames that no rule decided, or whose verdict fell back, by reason.");
	put_labelled(out, from, cnt, "xsteer_reason_packets_total", "reason", xs_reason_names + 1,
		     COUNTER(reason_default), XS_REASON_MAX - 1);
}

static void put_generations(FILE *out, const struct exported *from, int cnt)
{
	put_family(out, "xsteer_rule_set_generation", "gauge", "Number of the rule set in force.");
	for (int i = 0; i < cnt; i++) {
		fprintf(out, "xsteer_rule_set_generation{interface=\"");
		put_label(out, from[i].pins->ifname);
		fprintf(out, "\"} %llu\n", from[i].pins->meta.generation);
	}
}

struct socket_counter {
	const char *name, *help;
	size_t offset; /* in struct xdp_statistics */
};

static const struct socket_counter socket_counters[] = {
	{ "xsteer_socket_rx_dropped_total", "Frames the socket could not take.",
	  offsetof(struct xdp_statistics, rx_dropped) },
	{ "xsteer_socket_rx_ring_full_total", "Frames dropped because the RX ring was full.",
	  offsetof(struct xdp_statistics, rx_ring_full) },
	{ "xsteer_socket_fill_ring_empty_total", "Times the fill ring had no frame.",
	  offsetof(struct xdp_statistics, rx_fill_ring_empty_descs) },
	{ "xsteer_socket_tx_invalid_descs_total", "Descriptors to send that were invalid.",
	  offsetof(struct xdp_statistics, tx_invalid_descs) },
};

/* A socket that cannot be looked at (it just went, no privilege) has no lines. */
static void put_socket(FILE *out, const struct exported *from, __u32 slot,
		       const struct socket_counter *counter)
{
	struct xs_xsk_state state;
	struct xs_owner owner;

	if (xs_owner_get(from->pins, slot, &owner) || !xs_owner_alive(&owner) ||
	    xs_xsk_peek(owner.pid, owner.fd, &state))
		return;
	put_value(out, counter->name, from, owner.queue, NULL, NULL,
		  *(const __u64 *)((const char *)&state.stats + counter->offset));
}

static void put_sockets(FILE *out, const struct exported *from, int cnt)
{
	for (size_t c = 0; c < sizeof(socket_counters) / sizeof(*socket_counters); c++) {
		put_family(out, socket_counters[c].name, "counter", socket_counters[c].help);
		for (int i = 0; i < cnt; i++)
			for (__u32 slot = 0; slot < from[i].pins->slots; slot++)
				put_socket(out, &from[i], slot, &socket_counters[c]);
	}
}

static void put_all(FILE *out, const struct exported *from, int cnt)
{
	put_counters(out, from, cnt);
	put_generations(out, from, cnt);
	put_sockets(out, from, cnt);
}

static int write_file(const struct exported *from, int cnt, const char *path)
{
	char *next;
	FILE *out;
	int err = 0;

	if (asprintf(&next, "%s.%d", path, getpid()) < 0)
		return -ENOMEM;
	out = fopen(next, "we");
	if (!out) {
		err = -errno;
		xs_err("cannot make %s: %s", next, strerror(-err));
		free(next);
		return err;
	}
	put_all(out, from, cnt);
	if (fflush(out) || ferror(out) || fsync(fileno(out)))
		err = -errno;
	if (fclose(out) && !err)
		err = -errno;
	if (!err && rename(next, path))
		err = -errno;
	if (err) {
		xs_err("cannot write %s: %s", path, strerror(-err));
		unlink(next);
	}
	free(next);
	return err;
}

int xs_maps_export(const struct xs_pins *pins, int cnt, const char *textfile)
{
	struct exported *from = calloc(cnt + 1, sizeof(*from));
	int err = from ? 0 : -ENOMEM;

	for (int i = 0; !err && i < cnt; i++) {
		from[i].pins = &pins[i];
		from[i].rows = xs_queue_stats_read(&pins[i], &from[i].cnt);
		if (!from[i].rows)
			err = -EIO;
	}
	if (!err && textfile)
		err = write_file(from, cnt, textfile);
	else if (!err)
		put_all(stdout, from, cnt);
	for (int i = 0; from && i < cnt; i++)
		free(from[i].rows);
	free(from);
	return err;
}
