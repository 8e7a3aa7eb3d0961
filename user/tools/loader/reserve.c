// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-loader reserve and release: queues that only steered flows reach. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/escape.h"
#include "lib/instance/live.h"
#include "lib/instance/lock.h"
#include "lib/instance/place.h"
#include "lib/net/netif.h"
#include "lib/rules/model/ruleset.h"
#include "lib/set/parsed.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"
#include "loader.h"
#include "reserve_look.h"
#include "reserve_plan.h"

/* Frames that were in the NIC's rings when the table changed are past by then. */
#define SETTLE_US 100000
/* What comes in that time is told: a queue that others still reach shows it under traffic. */
#define COUNT_US 200000

/* ---- the operand ---- */

static int add_queue(struct xs_queue_list *list, __u32 queue)
{
	if (xs_queue_list_has(list, queue))
		return -EINVAL;
	if (list->cnt == XS_RESERVED_QUEUES_MAX)
		return -E2BIG;
	list->queue[list->cnt++] = queue;
	return 0;
}

static int add_range(struct xs_queue_list *list, char *text)
{
	char *dash = strchr(text, '-');
	__u64 from, to;

	if (dash)
		*dash++ = '\0';
	if (xs_parse_u64(text, 0, 65535, &from) ||
	    xs_parse_u64(dash ? dash : text, 0, 65535, &to) || to < from)
		return -EINVAL;
	for (__u64 queue = from; queue <= to; queue++) {
		int err = add_queue(list, (__u32)queue);

		if (err)
			return err;
	}
	return 0;
}

static int parse_queues(struct xs_cli *cli, const char *operand, struct xs_queue_list *list)
{
	char *text = strdup(operand), *save = NULL;
	int err = 0;

	if (!text)
		return -ENOMEM;
	for (char *part = strtok_r(text, ",", &save); part && !err;
	     part = strtok_r(NULL, ",", &save))
		err = add_range(list, part);
	free(text);
	if (err == -E2BIG)
		return xs_usage(cli, "queues '%s' are more than %d", operand,
				XS_RESERVED_QUEUES_MAX);
	if (err || !list->cnt)
		return xs_usage(cli,
				"queues '%s' are not numbers and ranges such as 2-3,5, each once",
				operand);
	xs_queue_list_sort(list);
	return 0;
}

/* ---- what there is ---- */

struct reserving {
	struct xs_cli *cli;
	struct xs_pins pins;
	int lock; /* -1: none */
	struct xs_queue_list queues;
	struct xs_netif netif;
	struct xs_rss rss;
	int rss_err;
	enum xs_ntuple_switch ntuple;
	struct xs_ntuple_rules there;
	struct xs_rules_in_force now;
	struct xs_ruleset rules;
	struct xs_reserve_wishes wishes;
	struct xs_reserve_plan plan;
};

static int read_rules(struct reserving *r)
{
	int err = xs_rule_sets_read(&r->pins, &r->now);

	if (err || !r->now.header)
		return err;
	err = xs_set_parse(r->now.header, &r->rules);
	if (err) {
		xs_err(r->cli->ctx, "cannot read the rules in force of %s: %s", r->netif.name,
		       err == -ENOMEM ? "not enough memory"
				      : "another version of xsteer wrote them");
		return err;
	}
	return xs_reserve_wishes_find(&r->rules, &r->queues, r->pins.slots, &r->wishes);
}

static int ask(struct reserving *r, const char *ifname)
{
	int err = xs_netif_get(r->cli->ctx, &r->netif, ifname);

	if (err)
		return err;
	r->rss_err = xs_rss_read(r->netif.name, &r->rss);
	r->ntuple = xs_ntuple_switch(r->netif.name);
	if (xs_ntuple_read(r->netif.name, &r->there))
		r->ntuple = XS_NTUPLE_NEVER;
	return read_rules(r);
}

static int make_plan(struct reserving *r)
{
	const struct xs_reserve_facts facts = {
		.ifname = r->netif.name,
		.driver = r->netif.driver,
		.rss_err = r->rss_err,
		.rss = &r->rss,
		.ntuple = r->ntuple,
		.there = &r->there,
		.queues = &r->queues,
		.wishes = &r->wishes,
	};
	int err = xs_reserve_plan_make(&facts, &r->plan);

	if (err && r->plan.why[0])
		xs_err(r->cli->ctx, "%s", r->plan.why);
	return err;
}

/* ---- told ---- */

static void put_rule(const struct reserving *r, __u32 rule, char *text, size_t len)
{
	const struct xs_set_rule *row = &r->now.rules[rule];

	if (row->file)
		snprintf(text, len, "%s:%u", xs_set_file(r->now.header, row->file), row->line);
	else
		snprintf(text, len, "%u", row->line);
}

static const char *rule_text(const struct reserving *r, __u32 rule)
{
	return xs_set_string(r->now.header, r->now.rules[rule].text);
}

static void print_flow(const struct reserving *r, __u32 i)
{
	const struct xs_reserved_flow *flow = &r->plan.record.flows[i];
	char text[XS_FLOW_TEXT_MAX], line[320], place[32] = "a rule";

	if (flow->location != RX_CLS_LOC_ANY)
		snprintf(place, sizeof(place), "rule %u", flow->location);
	xs_flow_text(flow, text);
	put_rule(r, r->plan.flow_rule[i], line, sizeof(line));
	printf("%s of the NIC: %s to queue %u (rule in line %s)\n", place, text, flow->queue,
	       xs_shown(line).text);
}

/* Without the first line, which says of what. */
static void print_details(const struct reserving *r)
{
	const struct xs_reserve_plan *plan = &r->plan;
	char line[320];

	for (__u32 i = 0; i < plan->record.flow_cnt; i++)
		if (plan->record.flows[i].state == XS_RESERVED_MADE || !plan->record.since_ns)
			print_flow(r, i);
	for (__u32 i = 0; i < plan->skip_cnt; i++) {
		put_rule(r, plan->skips[i].rule, line, sizeof(line));
		printf("not on the NIC: line %s: %s: %s\n", xs_shown(line).text,
		       rule_text(r, plan->skips[i].rule), plan->skips[i].why);
	}
	for (__u32 i = 0; i < plan->other_cnt; i++)
		printf("rule %u of the NIC, not ours, brings frames to queue %u\n",
		       plan->others[i].location, plan->others[i].queue);
}

static bool brings_nothing(const struct xs_reserve_plan *plan)
{
	for (__u32 i = 0; i < plan->record.flow_cnt; i++)
		if (plan->record.flows[i].state == XS_RESERVED_MADE || !plan->record.since_ns)
			return false;
	return !plan->other_cnt;
}

static void print_plan(const struct reserving *r, const char *queues)
{
	const struct xs_reserve_plan *plan = &r->plan;
	bool dry_run = xs_loader_opts(r->cli)->dry_run;
	char left[256];

	xs_queue_list_text(&plan->left, left, sizeof(left));
	printf("%s: %s %s reserved: %u of %u entries of the RSS table %s to %s\n",
	       xs_shown(r->netif.name).text, queues,
	       dry_run ? "would be" : xs_queue_list_is(&r->queues), plan->entries,
	       plan->record.table_size, dry_run ? "would go" : "went", left);
	print_details(r);
	if (brings_nothing(plan))
		printf("no rule of the NIC brings a flow to them: they stay empty\n");
}

static json_t *numbers_json(const struct xs_queue_list *list)
{
	json_t *numbers = json_array();

	for (__u32 i = 0; i < list->cnt; i++)
		json_array_append_new(numbers, json_integer(list->queue[i]));
	return numbers;
}

static json_t *flows_json(const struct reserving *r)
{
	const struct xs_reserved *record = &r->plan.record;
	json_t *rows = json_array();
	char text[XS_FLOW_TEXT_MAX], line[320];

	for (__u32 i = 0; i < record->flow_cnt; i++) {
		const struct xs_reserved_flow *flow = &record->flows[i];

		if (flow->state != XS_RESERVED_MADE && record->since_ns)
			continue;
		xs_flow_text(flow, text);
		put_rule(r, r->plan.flow_rule[i], line, sizeof(line));
		json_array_append_new(rows, json_pack("{s:o, s:I, s:s, s:o}", "location",
						      flow->location == RX_CLS_LOC_ANY
							      ? json_null()
							      : json_integer(flow->location),
						      "queue", (json_int_t)flow->queue, "flow",
						      text, "rule", xs_json_text(line)));
	}
	return rows;
}

static json_t *skips_json(const struct reserving *r)
{
	json_t *rows = json_array();
	char line[320];

	for (__u32 i = 0; i < r->plan.skip_cnt; i++) {
		const struct xs_reserve_skip *skip = &r->plan.skips[i];

		put_rule(r, skip->rule, line, sizeof(line));
		json_array_append_new(rows,
				      json_pack("{s:o, s:o, s:o}", "rule", xs_json_text(line),
						"text", xs_json_text(rule_text(r, skip->rule)),
						"reason", xs_json_text(skip->why)));
	}
	return rows;
}

static json_t *others_json(const struct xs_reserve_plan *plan)
{
	json_t *rows = json_array();

	for (__u32 i = 0; i < plan->other_cnt; i++)
		json_array_append_new(rows, json_pack("{s:I, s:I}", "location",
						      (json_int_t)plan->others[i].location, "queue",
						      (json_int_t)plan->others[i].queue));
	return rows;
}

/* look: what came since; NULL: nothing was done. */
static int print_json(const struct reserving *r, const struct xs_reserve_look *look)
{
	const struct xs_reserve_plan *plan = &r->plan;
	json_t *object =
		json_pack("{s:o, s:b, s:b, s:o, s:{s:I, s:I, s:o}, s:o, s:o, s:o}", "interface",
			  xs_json_text(r->netif.name), "dry_run", xs_loader_opts(r->cli)->dry_run,
			  "already", false, "queues", numbers_json(&r->queues), "table", "entries",
			  (json_int_t)plan->record.table_size, "moved", (json_int_t)plan->entries,
			  "left", numbers_json(&plan->left), "flows", flows_json(r), "skipped",
			  skips_json(r), "others", others_json(plan));

	if (look)
		json_object_set_new(object, "counted", xs_reserve_counts_json(look));
	return xs_json_print(r->cli, object);
}

static void print_counts(const struct xs_reserve_look *look)
{
	__u64 packets = 0, by_no_rule = 0;

	for (__u32 i = 0; i < look->queues.cnt; i++) {
		packets += look->since[i].packets;
		by_no_rule += look->since[i].by_no_rule;
	}
	printf("read back: the table is as it was set; in %d ms %llu frame%s came to them, %llu by "
	       "no "
	       "rule\n",
	       COUNT_US / 1000, packets, xs_s(packets), by_no_rule);
}

/* ---- done ---- */

/* A rule that the NIC refuses is as one for which it has no room. */
static int add_refused(struct reserving *r, const int *refused)
{
	struct xs_reserve_plan *plan = &r->plan;
	struct xs_reserve_skip *more =
		realloc(plan->skips, (plan->skip_cnt + plan->record.flow_cnt + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	plan->skips = more;
	for (__u32 i = 0; i < plan->record.flow_cnt; i++) {
		if (!refused[i])
			continue;
		more = &plan->skips[plan->skip_cnt++];
		more->rule = plan->flow_rule[i];
		snprintf(more->why, sizeof(more->why), "the NIC refuses it: %s",
			 strerror(-refused[i]));
	}
	return 0;
}

static int change_nic(struct reserving *r)
{
	struct xs_reserved *record = &r->plan.record;
	int refused[XS_RESERVED_FLOWS_MAX], err;

	/* Counted before, too: who is killed in between leaves no record that begins with 0. */
	err = xs_reserve_count(&r->pins, record);
	if (!err)
		err = xs_reserved_make(&r->pins, r->netif.name, record, refused);
	if (err)
		return err;
	usleep(SETTLE_US);
	err = xs_reserve_count(&r->pins, record);
	if (!err)
		err = xs_reserved_write(&r->pins, record);
	return err ? err : add_refused(r, refused);
}

static int change_and_tell(struct reserving *r, const char *queues)
{
	struct xs_reserve_look *look = NULL;
	int err = change_nic(r);

	if (err)
		return err;
	usleep(COUNT_US);
	err = xs_reserve_look(&r->pins, &look);
	if (err < 0)
		return err;
	err = 0;
	if (r->cli->json) {
		err = print_json(r, look);
	} else {
		print_plan(r, queues);
		if (look)
			print_counts(look);
	}
	free(look);
	return err;
}

/* Their rules of the NIC are those of the rules that were in force then. */
static int say_drift(const struct reserving *r, const struct xs_reserve_look *look)
{
	struct xs_reserve_drift drift;
	char text[XS_RESERVE_DRIFT_MAX];

	xs_reserve_look_for_drift(&r->pins, look, &drift);
	if (!drift.stale && !drift.missing)
		return 0;
	xs_reserve_drift_text(&drift, text);
	xs_err(r->cli->ctx, "%s: reserved already, but %s: 'xsteer-loader release %s' first",
	       r->netif.name, text, r->netif.name);
	return -EBUSY;
}

/* 1: they are, and no others; 0: none is; -EBUSY, logged: others are. */
static int are_reserved(struct reserving *r)
{
	struct xs_reserve_look *look = NULL;
	char text[256];
	int err = xs_reserve_look(&r->pins, &look);

	if (err <= 0)
		return err;
	if (look->table != XS_RESERVE_TABLE_kept || look->queues.cnt != r->queues.cnt ||
	    memcmp(look->queues.queue, r->queues.queue, sizeof(r->queues.queue))) {
		xs_queue_list_text(&look->queues, text, sizeof(text));
		xs_err(r->cli->ctx, "%s: %s %s reserved%s: 'xsteer-loader release %s' first",
		       r->netif.name, text, xs_queue_list_is(&look->queues),
		       look->table == XS_RESERVE_TABLE_changed
			       ? ", and somebody has changed the RSS table since"
			       : "",
		       r->netif.name);
		err = -EBUSY;
	} else {
		err = say_drift(r, look) ?: 1;
	}
	free(look);
	return err;
}

static int reserve(struct reserving *r, const char *ifname)
{
	char queues[256];
	int err;

	xs_queue_list_text(&r->queues, queues, sizeof(queues));
	err = ask(r, ifname);
	if (!err)
		err = are_reserved(r);
	if (err > 0) {
		if (r->cli->json)
			return xs_json_print(r->cli,
					     json_pack("{s:o, s:b, s:b, s:o}", "interface",
						       xs_json_text(r->netif.name), "dry_run",
						       xs_loader_opts(r->cli)->dry_run, "already",
						       true, "queues", numbers_json(&r->queues)));
		printf("%s: %s %s reserved already\n", xs_shown(r->netif.name).text, queues,
		       xs_queue_list_is(&r->queues));
		return 0;
	}
	if (!err)
		err = make_plan(r);
	if (err)
		return err;
	if (!xs_loader_opts(r->cli)->dry_run)
		return change_and_tell(r, queues);
	if (r->cli->json)
		return print_json(r, NULL);
	print_plan(r, queues);
	return 0;
}

/* Who only asks needs no lock. */
static int open_instance(struct reserving *r, const char *ifname)
{
	struct xs_live live;
	int err;

	if (!xs_loader_opts(r->cli)->dry_run) {
		r->lock = xs_pins_open_locked(r->cli->ctx, &r->pins, ifname);
		err = r->lock < 0 ? r->lock : 0;
	} else {
		err = xs_pins_open(r->cli->ctx, &r->pins, ifname, XS_PINS_READ);
		if (!err)
			err = xs_instance_need_alive(&r->pins, &live);
	}
	if (err == -ENOENT)
		return xs_interface_has_none(r->cli->ctx, ifname);
	if (!err && !xs_reserved_is_recorded(&r->pins)) {
		xs_err(r->cli->ctx,
		       "%s: an older version attached it, without a record for this: %s first",
		       ifname, xs_hint(r->cli->ctx, XSTEER_HINT_UPGRADE, ifname).text);
		err = -ENOTSUP;
	}
	return err;
}

int xs_do_reserve(struct xs_cli *cli)
{
	struct reserving *r = calloc(1, sizeof(*r));
	const char *ifname;
	char name[16];
	int err;

	if (!r)
		return -ENOMEM;
	r->cli = cli;
	r->lock = -1;
	ifname = xs_interface_called(cli->ctx, cli->operands[0], name);
	err = parse_queues(cli, cli->operands[1], &r->queues);
	if (!err)
		err = open_instance(r, ifname);
	if (!err)
		err = reserve(r, ifname);
	xs_reserve_plan_free(&r->plan);
	xs_reserve_wishes_free(&r->wishes);
	xs_ruleset_free(&r->rules);
	xs_rules_in_force_close(&r->now);
	free(r->there.rows);
	xs_pins_close(&r->pins);
	if (r->lock >= 0)
		close(r->lock);
	free(r);
	return err;
}

/* ---- release ---- */

static int tell_released(struct xs_cli *cli, const char *ifname,
			 const struct xs_reserved_undone *undone)
{
	if (cli->json)
		return xs_json_print(cli, json_pack("{s:o, s:I, s:b, s:I, s:I}", "interface",
						    xs_json_text(ifname), "queues",
						    (json_int_t)undone->queue_cnt, "table_restored",
						    undone->table, "flows_removed",
						    (json_int_t)undone->flows, "flows_left",
						    (json_int_t)undone->flows_changed));
	if (!undone->queue_cnt)
		printf("%s: no queue is reserved\n", xs_shown(ifname).text);
	else
		printf("%s: %u queue%s no longer reserved%s; %u rule%s of the NIC removed\n",
		       xs_shown(ifname).text, undone->queue_cnt,
		       undone->queue_cnt == 1 ? " is" : "s are",
		       undone->table ? ", and the RSS table is as it was" : "", undone->flows,
		       xs_s(undone->flows));
	return 0;
}

int xs_do_release(struct xs_cli *cli)
{
	struct xs_reserved_undone undone = {};
	struct xs_pins pins = {};
	const char *ifname;
	char name[16];
	int lock, err;

	ifname = xs_interface_called(cli->ctx, cli->operands[0], name);
	/* alive or not: its program may have been taken off the hook */
	lock = xs_pins_lock(cli->ctx, ifname, false);
	err = lock < 0 ? lock : xs_pins_open(cli->ctx, &pins, ifname, XS_PINS_WRITE);
	if (err == -ENOENT)
		err = xs_interface_has_none(cli->ctx, ifname);
	if (!err)
		err = xs_reserved_undo(&pins, &undone);
	xs_pins_close(&pins);
	if (lock >= 0)
		close(lock);
	return err < 0 ? err : tell_released(cli, ifname, &undone);
}
