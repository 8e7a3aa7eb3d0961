// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Counters as Prometheus text or JSON; see export.h. */
#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/escape.h"
#include "tools/cli/cli.h"
#include "lib/instance/queue_stats.h"
#include "export.h"
#include "instance_state.h"
#include "tools/cli/metrics.h"
#include "socket_json.h"
#include "lib/api/socket_look.h"
#include "stats.h"
#include "textfile.h"
#include "tools/brokers/metrics.h"
#include "tools/brokers/serving.h"
#include "lib/net/netif.h"
#include "lib/rules/model/rule_name.h"
#include "lib/set/read.h"
#include "lib/set/set_sizes.h"
#include "lib/set/sets.h"
#include "lib/instance/socket_stats.h"
#include "tools/cli/json.h"
#include "tools/cli/grid.h"

#define BROKER_MS 2000 /* one that works answers within a few milliseconds */

/* All sockets that were in a slot: what ended with one that was killed does not count back. */
struct slot_sum {
	__u32 slot, queue;
	struct xs_socket_counts counts;
};

/* An instance with everything that was read from it. */
struct exported {
	const struct xs_pins *pins;
	char ifname[IF_NAMESIZE]; /* its current name */
	struct xs_queue_stats *rows;
	__u32 cnt;
	__u32 queues; /* in use: exported without packets too, else rate() misses the first */
	struct slot_sum *sockets;
	__u32 socket_cnt;
	struct xs_rules_in_force rules; /* zeroed if they may not be read */
	__u32 rule_cnt; /* number of these that are exported */
	__u64 generation; /* of these, or of the set in force */
	struct xs_set_sizes sizes; /* of their dynamic sets */
	struct xs_instance_state *state; /* of an array for all that are exported */
};

static bool is_shown(const struct exported *from, __u32 queue)
{
	return queue < from->queues || from->rows[queue].packets;
}

static void put_value(FILE *out, const char *name, const struct exported *from, __u32 queue,
		      const char *label, const char *label_value, __u64 value)
{
	xs_metric_begin(out, name, from->ifname);
	fprintf(out, ",queue=\"%u\"", queue);
	if (label)
		fprintf(out, ",%s=\"%s\"", label, label_value);
	fprintf(out, "} %llu\n", value);
}

static void put_queues(FILE *out, const struct exported *from, int cnt, const char *name,
		       size_t counter)
{
	for (int i = 0; i < cnt; i++)
		for (__u32 q = 0; q < from[i].cnt; q++)
			if (is_shown(&from[i], q))
				put_value(out, name, &from[i], q, NULL, NULL,
					  xs_counters(&from[i].rows[q])[counter]);
}

/* One family of counters with a label: verdicts, or reasons. */
static void put_labelled(FILE *out, const struct exported *from, int cnt, const char *name,
			 const char *label, const char *const *names, size_t first, int counters)
{
	for (int i = 0; i < cnt; i++)
		for (__u32 q = 0; q < from[i].cnt; q++)
			for (int c = 0; is_shown(&from[i], q) && c < counters; c++)
				put_value(out, name, &from[i], q, label, names[c],
					  xs_counters(&from[i].rows[q])[first + c]);
}

#define COUNTER(field) (offsetof(struct xs_queue_stats, field) / sizeof(__u64))

static void put_counters(FILE *out, const struct exported *from, int cnt)
{
	xs_metric_family(out, "xsteer_packets_total", "counter", "Frames received.");
	put_queues(out, from, cnt, "xsteer_packets_total", COUNTER(packets));
	xs_metric_family(out, "xsteer_bytes_total", "counter",
			 "Bytes received, from the Ethernet header on.");
	put_queues(out, from, cnt, "xsteer_bytes_total", COUNTER(bytes));
	xs_metric_family(out, "xsteer_verdict_packets_total", "counter",
			 "Frames by what became of them.");
	put_labelled(out, from, cnt, "xsteer_verdict_packets_total", "verdict", xs_verdict_names,
		     COUNTER(verdict_pass), XS_VERDICT_MAX);
	xs_metric_family(out, "xsteer_reason_packets_total", "counter",
			 "Frames that no rule decided, or whose verdict fell back, by reason.");
	put_labelled(out, from, cnt, "xsteer_reason_packets_total", "reason", xs_reason_names + 1,
		     COUNTER(reason_default), XS_REASON_MAX - 1);
}

static void put_generations(FILE *out, const struct exported *from, int cnt)
{
	xs_metric_family(out, "xsteer_rule_set_generation", "gauge",
			 "Number of the rule set in force.");
	for (int i = 0; i < cnt; i++) {
		xs_metric_begin(out, "xsteer_rule_set_generation", from[i].ifname);
		fprintf(out, "} %llu\n", from[i].generation);
	}
}

static const struct {
	const char *name, *help;
	size_t offset; /* in struct xs_socket_counts */
} socket_counters[] = {
	{ "xsteer_socket_rx_packets_total", "Packets that the process received.",
	  offsetof(struct xs_socket_counts, rx_packets) },
	{ "xsteer_socket_rx_bytes_total", "Bytes of these packets.",
	  offsetof(struct xs_socket_counts, rx_bytes) },
	{ "xsteer_socket_tx_packets_total", "Packets that the kernel has sent for it.",
	  offsetof(struct xs_socket_counts, tx_packets) },
	{ "xsteer_socket_tx_bytes_total", "Bytes of these packets.",
	  offsetof(struct xs_socket_counts, tx_bytes) },
};

static const char *const loss_names[] = {
#define X(name) #name,
	XS_SOCKET_LOSSES(X)
#undef X
};

static void put_socket_value(FILE *out, const char *name, const struct exported *from,
			     const struct slot_sum *sum, const char *reason, __u64 value)
{
	xs_metric_begin(out, name, from->ifname);
	fprintf(out, ",slot=\"%u\",queue=\"%u\"", sum->slot, sum->queue);
	if (reason)
		fprintf(out, ",reason=\"%s\"", reason);
	fprintf(out, "} %llu\n", value);
}

static void put_socket_losses(FILE *out, const struct exported *from, const struct slot_sum *sum)
{
	const __u64 values[] = {
#define X(name) sum->counts.name,
		XS_SOCKET_LOSSES(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		put_socket_value(out, "xsteer_socket_lost_packets_total", from, sum, loss_names[i],
				 values[i]);
}

/* counter: of socket_counters; beyond these: the losses */
static void put_sockets_family(FILE *out, const struct exported *from, size_t counter)
{
	const size_t cnt = sizeof(socket_counters) / sizeof(*socket_counters);

	for (__u32 i = 0; i < from->socket_cnt; i++) {
		const struct slot_sum *sum = &from->sockets[i];

		if (counter == cnt)
			put_socket_losses(out, from, sum);
		else
			put_socket_value(out, socket_counters[counter].name, from, sum, NULL,
					 *(const __u64 *)((const char *)&sum->counts +
							  socket_counters[counter].offset));
	}
}

static void put_sockets(FILE *out, const struct exported *from, int cnt)
{
	const size_t counters = sizeof(socket_counters) / sizeof(*socket_counters);

	for (size_t c = 0; c <= counters; c++) {
		if (c < counters)
			xs_metric_family(out, socket_counters[c].name, "counter",
					 socket_counters[c].help);
		else
			xs_metric_family(out, "xsteer_socket_lost_packets_total", "counter",
					 "Packets for a socket that went no further, "
					 "each with one reason.");
		for (int i = 0; i < cnt; i++)
			put_sockets_family(out, &from[i], c);
	}
}

/*
 * A rule is identified by its name, which stays when the rule changes; without one by its
 * place in its file, and its text.
 */
static void put_rule(FILE *out, const char *name, const struct exported *from, __u32 i, __u64 value)
{
	const struct xs_set_rule *rule = &from->rules.rules[i];
	const char *text = xs_set_string(from->rules.header, rule->text), *own;
	size_t len;

	xs_metric_begin(out, name, from->ifname);
	own = xs_rule_name(text, &len);
	if (own) {
		fprintf(out, ",name=\"%.*s\"} %llu\n", (int)len, own, value);
		return;
	}
	fprintf(out, ",index=\"%u\",file=\"", i);
	xs_metric_label(out, xs_set_file(from->rules.header, rule->file));
	fprintf(out, "\",line=\"%u\",rule=\"", rule->line);
	xs_metric_label(out, text);
	fprintf(out, "\"} %llu\n", value);
}

static void put_rules(FILE *out, const struct exported *from, int cnt)
{
	xs_metric_family(out, "xsteer_rule_packets_total", "counter",
			 "Frames that the rule decided.");
	for (int i = 0; i < cnt; i++)
		for (__u32 r = 0; r < from[i].rule_cnt; r++)
			put_rule(out, "xsteer_rule_packets_total", &from[i], r,
				 from[i].rules.stats[r].packets);
	xs_metric_family(out, "xsteer_rule_bytes_total", "counter", "Bytes of these frames.");
	for (int i = 0; i < cnt; i++)
		for (__u32 r = 0; r < from[i].rule_cnt; r++)
			put_rule(out, "xsteer_rule_bytes_total", &from[i], r,
				 from[i].rules.stats[r].bytes);
}

/* Only of rules that have a limit. */
static void put_limits(FILE *out, const struct exported *from, int cnt)
{
	static const char packets[] = "xsteer_rule_over_limit_packets_total";
	static const char bytes[] = "xsteer_rule_over_limit_bytes_total";

	xs_metric_family(out, packets, "counter", "Of the rule's frames, those over its limit.");
	for (int i = 0; i < cnt; i++)
		for (__u32 r = 0; r < from[i].rule_cnt; r++)
			if (from[i].rules.rules[r].action.limit)
				put_rule(out, packets, &from[i], r,
					 xs_rule_refused(&from[i].rules, r).over.packets);
	xs_metric_family(out, bytes, "counter", "Bytes of these frames.");
	for (int i = 0; i < cnt; i++)
		for (__u32 r = 0; r < from[i].rule_cnt; r++)
			if (from[i].rules.rules[r].action.limit)
				put_rule(out, bytes, &from[i], r,
					 xs_rule_refused(&from[i].rules, r).over.bytes);
}

static void put_set(FILE *out, const char *name, const struct exported *from,
		    const struct xs_set_size *of, __u32 value)
{
	xs_metric_begin(out, name, from->ifname);
	fprintf(out, ",set=\"%s\"} %u\n", of->set.name, value);
}

static void put_sets(FILE *out, const struct exported *from, int cnt)
{
	xs_metric_family(out, "xsteer_set_members", "gauge", "Members of a dynamic set.");
	for (int i = 0; i < cnt; i++)
		for (__u32 s = 0; s < from[i].sizes.cnt; s++)
			put_set(out, "xsteer_set_members", &from[i], &from[i].sizes.sets[s],
				from[i].sizes.sets[s].members);
	xs_metric_family(out, "xsteer_set_size", "gauge", "Members that the set can hold.");
	for (int i = 0; i < cnt; i++)
		for (__u32 s = 0; s < from[i].sizes.cnt; s++)
			put_set(out, "xsteer_set_size", &from[i], &from[i].sizes.sets[s],
				from[i].sizes.sets[s].set.size);
}

struct all_exported {
	const struct exported *from;
	int cnt;
	const json_t *brokers; /* their accounts; NULL: not asked for */
};

static void put_all(FILE *out, const void *arg)
{
	const struct all_exported *all = arg;
	const struct exported *from = all->from;
	int cnt = all->cnt;

	put_rules(out, from, cnt);
	put_limits(out, from, cnt);
	put_sets(out, from, cnt);
	put_counters(out, from, cnt);
	put_generations(out, from, cnt);
	put_sockets(out, from, cnt);
	xs_instance_states_put(out, from->state, cnt);
	if (all->brokers)
		xs_broker_metrics_put(out, all->brokers);
}

static json_t *queues_json(const struct exported *from)
{
	json_t *queues = json_array();

	for (__u32 q = 0; q < from->cnt; q++) {
		json_t *queue;

		if (!is_shown(from, q))
			continue;
		queue = xs_queue_stats_json(&from->rows[q]);
		json_object_set_new(queue, "queue", json_integer(q));
		json_array_append_new(queues, queue);
	}
	return queues;
}

static json_t *rules_json(const struct exported *from)
{
	json_t *rules = json_array();

	for (__u32 i = 0; i < from->rule_cnt; i++) {
		const struct xs_set_rule *rule = &from->rules.rules[i];
		const char *text = xs_set_string(from->rules.header, rule->text), *own;
		size_t len;
		json_t *row = json_pack("{s:o, s:I, s:o, s:I, s:I}", "file",
					xs_json_text(xs_set_file(from->rules.header, rule->file)),
					"line", (json_int_t)rule->line, "text", xs_json_text(text),
					"packets", (json_int_t)from->rules.stats[i].packets,
					"bytes", (json_int_t)from->rules.stats[i].bytes);

		const struct xs_rule_refused refused = xs_rule_refused(&from->rules, i);

		own = xs_rule_name(text, &len);
		if (own)
			json_object_set_new(row, "name", json_stringn(own, len));
		if (refused.limited)
			json_object_set_new(row, "limit",
					    xs_json_limit(from->rules.stats[i].packets,
							  from->rules.stats[i].bytes,
							  refused.over.packets, refused.over.bytes,
							  refused.no_room.packets));
		json_array_append_new(rules, row);
	}
	return rules;
}

static json_t *sets_json(const struct exported *from)
{
	json_t *sets = json_array();

	for (__u32 i = 0; i < from->sizes.cnt; i++)
		json_array_append_new(sets, xs_json_declared_set(&from->sizes.sets[i].set,
								 from->sizes.sets[i].members));
	return sets;
}

static json_t *sockets_json(const struct exported *from)
{
	json_t *sockets = json_array();
	uint64_t values[sizeof(struct xs_socket_counts) / sizeof(uint64_t)];
	json_t *socket;

	for (__u32 i = 0; i < from->socket_cnt; i++) {
		const struct slot_sum *sum = &from->sockets[i];

		memcpy(values, &sum->counts, sizeof(values));
		socket = xs_socket_counts_json(values);
		json_object_set_new(socket, "slot", json_integer(sum->slot));
		json_object_set_new(socket, "queue", json_integer(sum->queue));
		json_array_append_new(sockets, socket);
	}
	return sockets;
}

static json_t *brokers_json(const struct exported *from, const json_t *brokers)
{
	json_t *own = json_array(), *broker;
	size_t i;

	json_array_foreach(brokers, i, broker)
	{
		const char *name = json_string_value(json_object_get(broker, "interface"));

		if (name && !strcmp(name, xs_shown(from->ifname).text))
			json_array_append(own, broker);
	}
	return own;
}

static int print_json(struct xs_cli *cli, const struct all_exported *all, const char *failure)
{
	const struct exported *from = all->from;
	json_t *instances = json_array(), *object;
	int cnt = all->cnt;

	for (int i = 0; i < cnt; i++) {
		object = json_pack("{s:o, s:I, s:o, s:o, s:o, s:o}", "interface",
				   xs_json_text(from[i].ifname), "generation",
				   (json_int_t)from[i].generation, "queues", queues_json(&from[i]),
				   "sockets", sockets_json(&from[i]), "rules", rules_json(&from[i]),
				   "sets", sets_json(&from[i]));
		xs_instance_state_add(object, from[i].state);
		json_object_set_new(object, "brokers", brokers_json(&from[i], all->brokers));
		json_array_append_new(instances, object);
	}
	object = json_pack("{s:o}", "instances", instances);
	if (failure)
		json_object_set_new(object, "error", xs_json_text(failure));
	return xs_json_print(cli, object);
}

static void take_rules(struct xs_cli *cli, struct exported *from, __u32 most)
{
	__u32 cnt = from->rules.header->rule_cnt;

	from->generation = from->rules.header->generation;
	from->rule_cnt = cnt < most ? cnt : most;
	if (cnt > most)
		xs_note(cli->ctx, "%s: %u of %u rules are exported: --rules N exports more",
			from->ifname, most, cnt);
}

/*
 * Reads the first `most` rules, and their generation at the same moment. 0; or -errno, logged:
 * the rest can be exported.
 */
static int look_at_rules(struct xs_cli *cli, struct exported *from, __u32 most)
{
	int err = most ? xs_rule_sets_look(from->pins, &from->rules) : 0;

	if (from->rules.header)
		take_rules(cli, from, most);
	else
		from->generation = xs_rule_sets_generation(from->pins);
	if (err)
		xs_err(cli->ctx, "%s: the counters of rules are left out: %s%s", from->ifname,
		       strerror(-err),
		       err == -EPERM ? ": run as root, or ask for none with '--rules 0'" : "");
	if (from->rules.header && !err)
		err = xs_set_sizes_read(from->pins, from->rules.header, &from->sizes);
	return err;
}

static int take_socket(void *arg, __u32 slot, const struct xs_socket_look *look)
{
	struct slot_sum sum = { slot, look->queue, look->own }, *more;
	struct exported *from = arg;

	xs_socket_counts_add(&sum.counts, &look->earlier);
	if (!look->own_known && !xs_socket_counts_any(&sum.counts))
		return 0;
	more = realloc(from->sockets, (from->socket_cnt + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	from->sockets = more;
	more[from->socket_cnt++] = sum;
	return 0;
}

static int look_at(struct xs_cli *cli, struct exported *from, const struct xs_pins *pins)
{
	struct xs_netif netif;
	int err;

	from->pins = pins;
	memcpy(from->ifname, pins->ifname, sizeof(from->ifname));
	err = xs_netif_get(cli->ctx, &netif, from->ifname);
	if (err)
		return err;
	from->queues = netif.rx_queues;
	from->rows = xs_queue_stats_read(pins, &from->cnt);
	if (!from->rows)
		return -EIO;
	err = xs_sockets_look(pins, take_socket, from);
	return err ? err : xs_instance_state_read(pins, &netif, from->state);
}

/* 0; or -errno, logged: a broker does not say, and the rest can be exported. */
static int ask_brokers(struct xs_cli *cli, const struct xs_pins *pins, int cnt, json_t *accounts)
{
	__u32 *ifindexes = calloc((size_t)cnt + 1, sizeof(*ifindexes));
	int err;

	if (!ifindexes)
		return -ENOMEM;
	for (int i = 0; i < cnt; i++)
		ifindexes[i] = pins[i].meta.ifindex;
	err = xs_brokers_ask(cli->ctx, ifindexes, cnt, BROKER_MS, accounts);
	free(ifindexes);
	return err;
}

int xs_maps_export(struct xs_cli *cli, const struct xs_pins *pins, int cnt,
		   const struct xs_export_opts *opts)
{
	const char *failure = opts->failure;
	json_t *brokers = opts->no_chains ? NULL : json_array();
	struct xs_instance_state *states = calloc(cnt + 1, sizeof(*states));
	struct exported *from = calloc(cnt + 1, sizeof(*from));
	const struct all_exported all = { from, cnt, brokers };
	int err = from && states ? 0 : -ENOMEM, left_out = 0;

	for (int i = 0; !err && i < cnt; i++) {
		from[i].state = &states[i];
		err = look_at(cli, &from[i], &pins[i]);
	}
	for (int i = 0; !err && i < cnt; i++) {
		int failed = look_at_rules(cli, &from[i], opts->rules);

		left_out = left_out ? left_out : failed;
	}
	if (!err && brokers) {
		int failed = ask_brokers(cli, pins, cnt, brokers);

		left_out = left_out ? left_out : failed;
	}
	if (left_out && !failure)
		failure = xs_error_said(cli);
	if (!err && cli->json)
		err = print_json(cli, &all, failure);
	else if (!err && opts->textfile)
		err = xs_textfile_write(cli, opts->textfile, put_all, &all);
	else if (!err)
		put_all(stdout, &all);
	for (int i = 0; from && i < cnt; i++) {
		free(from[i].rows);
		free(from[i].sockets);
		xs_rules_in_force_close(&from[i].rules);
		xs_set_sizes_free(&from[i].sizes);
	}
	for (int i = 0; states && i < cnt; i++)
		xs_instance_state_free(&states[i]);
	free(states);
	free(from);
	json_decref(brokers);
	return err ? err : left_out;
}
