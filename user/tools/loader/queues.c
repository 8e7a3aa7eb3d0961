// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader queues: a row for each receive queue of an interface. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/api/queue_facts.h"
#include "lib/instance/live.h"
#include "lib/instance/place.h"
#include "lib/instance/queue_stats.h"
#include "lib/set/read.h"
#include "tools/cli/json.h"
#include "tools/cli/grid.h"
#include "loader.h"

#define RULES_SHOWN 4 /* in the grid: more are counted */

/* ---- one queue ---- */

static double share_of(const struct xs_queue_facts *facts, __u32 queue)
{
	if (queue >= facts->stats_cnt || !facts->packets)
		return 0;
	return (double)facts->stats[queue].packets / (double)facts->packets;
}

/* CPUs of its interrupt; false: not told. */
static bool cpus_of(const struct xs_netdev_queue *row, char *text, unsigned int len)
{
	return row->irq && !xs_irq_cpus(row->irq, text, len) && text[0];
}

static void put_rule_name(const struct xs_queue_facts *facts, __u32 i, char *text, size_t len)
{
	const struct xs_set_rule *rule = &facts->rules.rules[i];

	if (rule->file)
		snprintf(text, len, "%s:%u", xs_set_file(facts->rules.header, rule->file),
			 rule->line);
	else
		snprintf(text, len, "%u", rule->line);
}

/* Without a set the default is the built-in one: xsk. */
static bool default_leads(const struct xs_queue_facts *facts, __u32 queue)
{
	return !facts->rules.header ||
	       xs_rule_leads_to(&facts->rules.header->default_action, queue);
}

/* Calls each() with the names of the rules that lead to the queue, and "default". */
static void each_rule(const struct xs_queue_facts *facts, __u32 queue,
		      void (*each)(const char *name, void *arg), void *arg)
{
	char name[320];

	if (!facts->rules_known)
		return;
	for (__u32 i = 0; facts->rules.header && i < facts->rules.header->rule_cnt; i++) {
		if (!xs_rule_leads_to(&facts->rules.rules[i].action, queue))
			continue;
		put_rule_name(facts, i, name, sizeof(name));
		each(name, arg);
	}
	if (default_leads(facts, queue))
		each("default", arg);
}

/* ---- the grid ---- */

struct rule_list {
	char text[256];
	unsigned int cnt;
};

static void list_rule(const char *name, void *arg)
{
	struct rule_list *list = arg;
	size_t len = strlen(list->text);

	if (list->cnt++ < RULES_SHOWN)
		snprintf(list->text + len, sizeof(list->text) - len, "%s%s", len ? ", " : "", name);
}

static void kernel_cells(struct xs_grid *grid, const struct xs_netdev_queue *row)
{
	char cpus[64];
	bool known = cpus_of(row, cpus, sizeof(cpus));
	int node = known ? xs_cpu_node((__u32)strtoul(cpus, NULL, 10)) : -1;
	const __u32 numbers[] = { row->napi, row->thread };

	if (row->irq)
		xs_grid_number(grid, row->irq, "%u", row->irq);
	else
		xs_grid_cell(grid, "-");
	xs_grid_cell(grid, "%s", known ? cpus : "-");
	if (node >= 0)
		xs_grid_number(grid, node, "%d", node);
	else
		xs_grid_cell(grid, "-");
	for (int i = 0; i < 2; i++) {
		if (numbers[i])
			xs_grid_number(grid, numbers[i], "%u", numbers[i]);
		else
			xs_grid_cell(grid, "-");
	}
}

static void put_socket(FILE *out, const struct xs_queue_socket *socket)
{
	if (!socket->pid)
		fprintf(out, "bound");
	else
		fprintf(out, "%s%u", socket->ours ? "" : "other's ", socket->pid);
}

/* A broker has two slots of a queue: one for its chain, one for rules that say xsk. */
static bool is_shown(const struct xs_queue_facts *facts, __u32 i)
{
	const struct xs_queue_socket *sockets = facts->sockets;

	for (__u32 before = 0; before < i; before++)
		if (sockets[i].pid && sockets[before].pid == sockets[i].pid &&
		    sockets[before].queue == sockets[i].queue)
			return true;
	return false;
}

static void socket_cells(struct xs_grid *grid, const struct xs_queue_facts *facts, __u32 queue)
{
	char text[256] = "-", mode[64] = "-", rings[64] = "-";
	FILE *out = fmemopen(text, sizeof(text), "w");
	bool first = true;

	for (__u32 i = 0; out && i < facts->socket_cnt; i++) {
		const struct xs_queue_socket *socket = &facts->sockets[i];

		if (socket->queue != queue || is_shown(facts, i))
			continue;
		fputs(first ? "" : ", ", out);
		put_socket(out, socket);
		if (first)
			snprintf(mode, sizeof(mode), "%s", socket->mode);
		if (first && socket->seen)
			snprintf(rings, sizeof(rings), "%u/%u/%u/%u", socket->state.rx,
				 socket->state.tx, socket->state.fill, socket->state.completion);
		first = false;
	}
	if (out) {
		if (first)
			fputc('-', out);
		fclose(out);
	}
	xs_grid_cell(grid, "%s", text);
	xs_grid_cell(grid, "%s", mode);
	xs_grid_cell(grid, "%s", rings);
}

static void queue_cells(struct xs_grid *grid, const struct xs_queue_facts *facts, __u32 queue)
{
	struct rule_list rules = {};

	xs_grid_number(grid, queue, "%u", queue);
	kernel_cells(grid, &facts->kernel.rows[queue]);
	socket_cells(grid, facts, queue);
	if (facts->drops_told)
		xs_grid_number(grid, (double)facts->drops[queue], "%llu", facts->drops[queue]);
	else
		xs_grid_cell(grid, "-");
	if (facts->instance)
		xs_grid_number(grid, share_of(facts, queue), "%.1f%%",
			       share_of(facts, queue) * 100);
	else
		xs_grid_cell(grid, "-");
	each_rule(facts, queue, list_rule, &rules);
	if (rules.cnt > RULES_SHOWN)
		xs_grid_cell(grid, "%s, %u more", rules.text, rules.cnt - RULES_SHOWN);
	else
		xs_grid_cell(grid, "%s", facts->rules_known ? rules.text : "-");
}

/* What at least one queue has. */
static void find_told(const struct xs_queue_facts *facts, bool *napi, bool *irq)
{
	*napi = *irq = false;
	for (__u32 q = 0; q < facts->kernel.cnt; q++) {
		*napi |= facts->kernel.rows[q].napi;
		*irq |= facts->kernel.rows[q].irq;
	}
}

struct driver {
	char text[48];
};

/* lo has none */
static struct driver driver_of(const struct xs_queue_facts *facts)
{
	struct driver driver = { "the driver" };

	if (facts->netif.driver[0])
		snprintf(driver.text, sizeof(driver.text), "driver '%s'", facts->netif.driver);
	return driver;
}

static void print_untold_by_kernel(const struct xs_queue_facts *facts)
{
	bool napi, irq;

	find_told(facts, &napi, &irq);
	if (facts->kernel.queues_err)
		printf("IRQ, CPU, NAPI: the kernel does not tell them before Linux 6.8\n");
	else if (!napi || !irq)
		printf("IRQ, CPU%s: %s does not tell them\n", napi ? "" : ", NAPI",
		       driver_of(facts).text);
}

/* Which columns nobody could fill, and why. */
static void print_untold(const struct xs_queue_facts *facts, bool looked)
{
	print_untold_by_kernel(facts);
	if (!facts->drops_told)
		printf("NIC drops: %s does not tell them by queue\n", driver_of(facts).text);
	if (!facts->others_told && geteuid())
		printf("Socket: those of other programs may be missing without root\n");
	if (!looked)
		printf("Share, rules: whether there is an xsteer instance cannot be seen\n");
	else if (!facts->instance)
		printf("Share, rules: no xsteer instance\n");
	else if (!facts->rules_known)
		printf("Rules: they cannot be read: %s%s\n", strerror(-facts->rules_err),
		       facts->rules_err == -EPERM || facts->rules_err == -EACCES ? ": run as root"
										 : "");
}

/* looked: without an instance there is none; else nobody could look for it. */
static void print_queues(const struct xs_queue_facts *facts, bool looked)
{
	struct xs_grid *grid = xs_grid_new("Queue|?>IRQ|CPU|?>Node|?>NAPI|?>Thread|Socket|Mode|"
					   "?RX/TX/fill/compl|>NIC drops|>Share|Rules");

	for (__u32 q = 0; q < facts->netif.rx_queues; q++)
		queue_cells(grid, facts, q);
	xs_grid_print(grid);
	print_untold(facts, looked);
}

/* ---- JSON ---- */

static json_t *number_or_null(__u64 value)
{
	return value ? json_integer((json_int_t)value) : json_null();
}

static json_t *sockets_json(const struct xs_queue_facts *facts, __u32 queue)
{
	json_t *sockets = json_array(), *row;

	for (__u32 i = 0; i < facts->socket_cnt; i++) {
		const struct xs_queue_socket *socket = &facts->sockets[i];
		const struct xs_xsk_state *state = &socket->state;

		if (socket->queue != queue)
			continue;
		row = json_pack("{s:o, s:o, s:b, s:s}", "slot",
				socket->slot < 0 ? json_null() : json_integer(socket->slot), "pid",
				number_or_null(socket->pid), "ours", socket->ours, "mode",
				socket->mode);
		if (socket->seen)
			json_object_set_new(
				row, "rings",
				json_pack("{s:I, s:I, s:I, s:I}", "rx", (json_int_t)state->rx, "tx",
					  (json_int_t)state->tx, "fill", (json_int_t)state->fill,
					  "completion", (json_int_t)state->completion));
		json_array_append_new(sockets, row);
	}
	return sockets;
}

static void append_rule(const char *name, void *arg)
{
	json_array_append_new(arg, xs_json_text(name));
}

static json_t *queue_json(const struct xs_queue_facts *facts, __u32 queue)
{
	const struct xs_netdev_queue *row = &facts->kernel.rows[queue];
	json_t *rules = facts->rules_known ? json_array() : json_null(), *object;
	char cpus[64];
	bool known = cpus_of(row, cpus, sizeof(cpus));
	int node = known ? xs_cpu_node((__u32)strtoul(cpus, NULL, 10)) : -1;

	each_rule(facts, queue, append_rule, rules);
	object = json_pack(
		"{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "queue", (json_int_t)queue, "irq",
		number_or_null(row->irq), "cpus", known ? xs_json_text(cpus) : json_null(),
		"numa_node", node < 0 ? json_null() : json_integer(node), "napi_id",
		number_or_null(row->napi), "napi_thread", number_or_null(row->thread), "sockets",
		sockets_json(facts, queue), "nic_drops",
		facts->drops_told ? json_integer((json_int_t)facts->drops[queue]) : json_null(),
		"rules", rules);
	if (!facts->instance)
		return object;
	json_object_set_new(object, "packets",
			    json_integer(queue < facts->stats_cnt
						 ? (json_int_t)facts->stats[queue].packets
						 : 0));
	json_object_set_new(object, "share", json_real(share_of(facts, queue)));
	return object;
}

static int print_json(struct xs_cli *cli, const struct xs_queue_facts *facts)
{
	json_t *queues = json_array();

	for (__u32 q = 0; q < facts->netif.rx_queues; q++)
		json_array_append_new(queues, queue_json(facts, q));
	return xs_json_print(cli, json_pack("{s:o, s:s, s:b, s:o}", "interface",
					    xs_json_text(facts->netif.name), "driver",
					    facts->netif.driver, "instance", facts->instance,
					    "queues", queues));
}

/* ---- the command ---- */

int xs_do_queues(struct xs_cli *cli)
{
	struct xs_queue_facts facts = {};
	struct xs_pins pins = {};
	const char *ifname;
	char name[16];
	bool looked;
	int err;

	ifname = xs_interface_called(cli->ctx, cli->operands[0], name);

	/* without an instance the kernel's part is worth as much */
	err = xs_pins_open(cli->ctx, &pins, ifname, XS_PINS_READ);
	if (err && err != -ENOENT && err != -ENOTSUP)
		return err;
	looked = err != -ENOTSUP;
	if (!err)
		xs_instance_warn_if_gone(&pins);
	err = xs_queue_facts_read(cli->ctx, ifname, err ? NULL : &pins, &facts);
	if (!err && cli->json)
		err = print_json(cli, &facts);
	else if (!err)
		print_queues(&facts, looked);
	xs_queue_facts_free(&facts);
	xs_pins_close(&pins);
	return err || looked ? err : -ENOTSUP; /* an instance's part, which was asked for, too */
}
