// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-rules: check, apply, show and explain the rules of an instance. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tools/cli/cli.h"
#include "lib/instance/queue_stats.h"
#include "lib/set/explain.h"
#include "frames.h"
#include "lib/instance/pins.h"
#include "lib/api/open.h"
#include "lib/api/rules.h"
#include "lib/rules/model/frame.h"
#include "lib/rules/model/ruleset.h"
#include "lib/rules/syntax/text.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"
#include "tools/cli/json.h"
#include "tools/cli/rule_text.h"

#define CONFIRM_MAX_SEC 86400
/*
 * Each test run waits for an RCU grace period (the kernel enters and leaves its
 * XDP dispatcher), so `cost` makes few and long ones.
 */
#define COST_FRAMES 32 /* drawn from the rules, or spread over a capture */
#define COST_REPEAT 50000
#define COST_ROUNDS 3

struct options {
	__u32 confirm_sec;
	const char *ifname, *file;
	const char *pcap, *hex;
	__u32 queue;
};

static struct options *options_of(const struct xs_cli *cli)
{
	return cli->opts;
}

/* ---- reading rules ---- */

struct warned {
	json_t *list; /* of warnings; or NULL */
};

static void tell_warning(void *arg, const struct xsteer_finding *finding)
{
	struct warned *warned = arg;

	xs_finding_print(stderr, finding);
	if (warned->list)
		json_array_append_new(warned->list,
				      json_pack("{s:o, s:i, s:o}", "file",
						xs_json_text(finding->file), "line", finding->line,
						"message", xs_json_text(finding->message)));
}

/* Prints what is odd, and adds it to `list` if that is not NULL. */
static int warn_of(struct xs_cli *cli, const struct xsteer_rules *rules, json_t *list)
{
	struct warned warned = { list };

	return xsteer_rules_warnings(cli->ctx, rules, tell_warning, &warned);
}

static void add_cost(json_t *object, const struct xsteer_cost *cost)
{
	json_object_set_new(object, "tables", json_integer(cost->tables));
	json_object_set_new(object, "entries", json_integer((json_int_t)cost->entries));
	json_object_set_new(object, "longest_chain", json_integer(cost->longest_chain));
	json_object_set_new(object, "probe_bound", json_integer(cost->probe_bound));
	json_object_set_new(object, "tables_bytes", json_integer((json_int_t)cost->table_bytes));
	json_object_set_new(object, "compile_ms", json_real(cost->compile_ns / 1e6));
}

static int do_check(struct xs_cli *cli)
{
	XSTEER_STRUCT(xsteer_cost, cost);
	const char *file = cli->operands[0];
	struct xsteer_rules *rules;
	json_t *warnings, *object;
	int err;

	err = xs_cli_read_rules(cli, file, &rules);
	if (err)
		return err;
	warnings = json_array();
	err = warn_of(cli, rules, warnings);
	if (!err)
		err = xsteer_rules_check(cli->ctx, rules, &cost);
	if (!err && cli->json) {
		object = json_pack("{s:o, s:i, s:o}", "file", xs_json_text(file), "rules",
				   xsteer_rules_count(rules), "warnings", json_incref(warnings));
		add_cost(object, &cost);
		err = xs_json_print(cli, object);
	} else if (!err) {
		printf("%s: %u rules in %u tables, %llu entries, %llu bytes; at most %u probes a "
		       "frame, longest chain %u; compiled in %.1f ms\n",
		       file, xsteer_rules_count(rules), cost.tables,
		       (unsigned long long)cost.entries, (unsigned long long)cost.table_bytes,
		       cost.probe_bound, cost.longest_chain, cost.compile_ns / 1e6);
	}
	json_decref(warnings);
	xsteer_rules_free(rules);
	return err;
}

/* ---- changing the rules of an instance ---- */

/* What follows of cli->operands[0]: rules in force with so many rules, which cost so much. */
static int say_applied(struct xs_cli *cli, const struct xsteer_applied *applied,
		       const struct xsteer_rules *rules)
{
	const char *ifname = cli->operands[0];
	__u32 confirm_sec = options_of(cli)->confirm_sec;
	XSTEER_STRUCT(xsteer_cost, cost);
	json_t *object;
	int err;

	if (cli->json) {
		err = xsteer_rules_cost(cli->ctx, rules, &cost);
		if (err)
			return err;
		object = json_pack("{s:s, s:I, s:i, s:I, s:i, s:f}", "interface", ifname,
				   "generation", (json_int_t)applied->generation, "rules",
				   xsteer_rules_count(rules), "counters_carried",
				   (json_int_t)applied->carried, "confirm_seconds", confirm_sec,
				   "switch_ms", applied->switch_ns / 1e6);
		add_cost(object, &cost);
		return xs_json_print(cli, object);
	}
	printf("%s: rule set %llu in force: %u rules, counters of %llu carried over\n", ifname,
	       (unsigned long long)applied->generation, xsteer_rules_count(rules),
	       (unsigned long long)applied->carried);
	if (confirm_sec)
		printf("%s: rolls back in %u s unless 'xsteer-rules confirm %s'\n", ifname,
		       confirm_sec, ifname);
	return 0;
}

static int put_rules(struct xs_cli *cli, struct xsteer_rules *rules)
{
	XSTEER_STRUCT(xsteer_apply_opts, opts, .confirm_sec = options_of(cli)->confirm_sec);
	XSTEER_STRUCT(xsteer_applied, applied);
	int err;

	err = xsteer_rules_apply(cli->ctx, cli->operands[0], rules, &opts, &applied);
	return err ? err : say_applied(cli, &applied, rules);
}

static int do_apply(struct xs_cli *cli)
{
	struct xsteer_rules *rules;
	int err;

	err = xs_cli_read_rules(cli, cli->operands[1], &rules);
	if (err)
		return err;
	err = warn_of(cli, rules, NULL);
	if (!err)
		err = put_rules(cli, rules);
	xsteer_rules_free(rules);
	return err;
}

/* As an apply of an empty file, whose cost can be told. */
static int do_flush(struct xs_cli *cli)
{
	struct xsteer_rules *none;
	int err;

	err = xsteer_rules_parse(cli->ctx, NULL, 0, NULL, &none);
	if (err)
		return err;
	err = put_rules(cli, none);
	xsteer_rules_free(none);
	return err;
}

static int do_confirm(struct xs_cli *cli)
{
	XSTEER_STRUCT(xsteer_applied, applied);
	int err;

	err = xsteer_rules_confirm(cli->ctx, cli->operands[0], &applied);
	if (err)
		return err;
	if (cli->json)
		return xs_json_print(cli, json_pack("{s:s, s:I}", "interface", cli->operands[0],
						    "generation", (json_int_t)applied.generation));
	printf("%s: rule set %llu is confirmed\n", cli->operands[0],
	       (unsigned long long)applied.generation);
	return 0;
}

/* ---- show ---- */

static int add_rule(void *arg, const struct xsteer_rule *rule)
{
	json_array_append_new(
		arg, json_pack("{s:o, s:i, s:s, s:s, s:I, s:I}", "file", xs_json_text(rule->file),
			       "line", rule->line, "text", rule->text, "verdict",
			       xsteer_verdict_name(rule->verdict), "packets",
			       (json_int_t)rule->packets, "bytes", (json_int_t)rule->bytes));
	return 0;
}

static int show_json(struct xs_cli *cli, const char *ifname)
{
	XSTEER_STRUCT(xsteer_rule_set, set);
	json_t *rules = json_array();
	int err;

	err = xsteer_rules_show(cli->ctx, ifname, &set, add_rule, rules);
	if (err) {
		json_decref(rules);
		return err;
	}
	return xs_json_print(cli, json_pack("{s:s, s:I, s:b, s:f, s:s, s:s, s:o}", "interface",
					    ifname, "generation", (json_int_t)set.generation,
					    "rolled_back", set.flags & XSTEER_RULE_SET_ROLLED_BACK,
					    "confirm_seconds_left", set.confirm_ns / 1e9, "default",
					    set.default_text, "malformed", set.malformed_text,
					    "rules", rules));
}

struct shown {
	const char *ifname;
	struct xsteer_rule_set set;
	bool headed; /* what is above the rules has been printed */
};

static void show_head(struct shown *shown)
{
	const struct xsteer_rule_set *set = &shown->set;

	if (shown->headed)
		return;
	shown->headed = true;
	printf("# %s: rule set %llu, %u rules\n", shown->ifname,
	       (unsigned long long)set->generation, set->rule_count);
	if (set->flags & XSTEER_RULE_SET_ROLLED_BACK)
		printf("# rolled back: the set after it was not confirmed in time\n");
	if (set->confirm_ns)
		printf("# rolls back in %.0f s unless 'xsteer-rules confirm %s'\n",
		       set->confirm_ns / 1e9, shown->ifname);
	printf("%s\n%s\n", set->default_text, set->malformed_text);
}

static int show_rule(void *arg, const struct xsteer_rule *rule)
{
	show_head(arg);
	printf("%s # packets %llu bytes %llu\n", rule->text, (unsigned long long)rule->packets,
	       (unsigned long long)rule->bytes);
	return 0;
}

static int do_show(struct xs_cli *cli)
{
	struct shown shown = { .ifname = cli->operands[0], .set = { .sz = sizeof(shown.set) } };
	int err;

	if (cli->json)
		return show_json(cli, cli->operands[0]);
	err = xsteer_rules_show(cli->ctx, shown.ifname, &shown.set, show_rule, &shown);
	if (!err)
		show_head(&shown);
	return err;
}

/* ---- explain and cost: the program, loaded once more ---- */

/* The program over a live instance (-d) or over a file (-f), and the set it searches. */
struct trial {
	struct xs_pins live;
	struct xs_explain explain;
	struct xs_rules_in_force set;
	struct xs_apply applied; /* -f */
	bool is_live;
};

static void close_trial(struct trial *trial)
{
	xs_rules_in_force_close(&trial->set);
	xs_explain_close(&trial->explain);
	xs_pins_close(&trial->live);
}

static int open_file_trial(struct xs_cli *cli, struct trial *trial)
{
	struct xsteer_rules *rules;
	int err;

	err = xs_cli_read_rules(cli, options_of(cli)->file, &rules);
	if (err)
		return err;
	err = xs_explain_open(cli->ctx, &trial->explain, NULL, options_of(cli)->queue);
	if (!err)
		err = xs_rule_sets_apply(&trial->explain.pins, &rules->set, 0, &trial->applied);
	xsteer_rules_free(rules);
	return err;
}

static int open_live_trial(struct xs_cli *cli, struct trial *trial)
{
	int err = xs_api_open(cli->ctx, &trial->live, options_of(cli)->ifname);

	if (err)
		return err;
	trial->is_live = true;
	if (options_of(cli)->queue >= trial->live.slots) {
		xs_err(cli->ctx, "%s: queue %u: the instance has queues 0 to %u",
		       options_of(cli)->ifname, options_of(cli)->queue, trial->live.slots - 1);
		return -ERANGE;
	}
	return xs_explain_open(cli->ctx, &trial->explain, &trial->live, options_of(cli)->queue);
}

static int open_trial(struct xs_cli *cli, struct trial *trial)
{
	int err;

	memset(trial, 0, sizeof(*trial));
	if (!options_of(cli)->ifname == !options_of(cli)->file)
		return xs_usage(cli, "give either -d IF, for the rules in force, or -f FILE");
	err = options_of(cli)->file ? open_file_trial(cli, trial) : open_live_trial(cli, trial);
	if (!err)
		err = xs_rule_sets_read(trial->is_live ? &trial->live : &trial->explain.pins,
					&trial->set);
	if (err)
		close_trial(trial);
	return err;
}

/* A rule as explain names it: LINE, or FILE:LINE where it was included. */
static json_t *rule_json(const struct trial *trial, __u32 index)
{
	const struct xs_set_rule *rule;
	json_t *text;
	char *place;

	if (index == XS_RULE_NONE || !trial->set.header || index >= trial->set.header->rule_cnt)
		return json_null();
	rule = &trial->set.rules[index];
	if (!rule->file)
		return json_integer(rule->line);
	if (asprintf(&place, "%s:%u", xs_set_file(trial->set.header, rule->file), rule->line) < 0)
		return json_null();
	text = xs_json_text(place);
	free(place);
	return text;
}

static void explain_text(const struct trial *trial, __u32 packet, const struct xs_explained *why,
			 int xdp)
{
	json_t *rule = rule_json(trial, why->rule);
	char *line = json_is_null(rule) ? NULL : json_dumps(rule, JSON_ENCODE_ANY);

	printf("packet %u: ", packet);
	if (line)
		printf("rule %s (%s)", line,
		       xs_set_string(trial->set.header, trial->set.rules[why->rule].text));
	else
		printf("no rule");
	printf(": %s, %s%s%s\n", xs_verdict_names[why->verdict], xs_xdp_name(xdp),
	       why->reason ? ", " : "", why->reason ? xs_reason_names[why->reason] : "");
	free(line);
	json_decref(rule);
}

static void explain_json(struct xs_cli *cli, const struct trial *trial, __u32 packet,
			 const struct xs_explained *why, int xdp)
{
	json_t *object = json_pack("{s:i, s:o, s:s, s:s, s:s?}", "packet", packet, "rule",
				   rule_json(trial, why->rule), "verdict",
				   xs_verdict_names[why->verdict], "xdp", xs_xdp_name(xdp),
				   "reason", why->reason ? xs_reason_names[why->reason] : NULL);

	json_dumpf(object, stdout, cli->pretty ? JSON_INDENT(2) : 0);
	putchar('\n');
	json_decref(object);
}

static int read_frames(struct xs_cli *cli, struct xs_frames *frames)
{
	return options_of(cli)->pcap ? xs_frames_read_pcap(cli, frames, options_of(cli)->pcap)
				     : xs_frames_read_hex(cli, frames, options_of(cli)->hex);
}

/* Below what its whole packets gave: at the top nobody would see it. */
static int say_broken(struct xs_cli *cli, const struct xs_frames *frames)
{
	if (!frames->broken)
		return 0;
	xs_err(cli->ctx, "%s", frames->broken);
	return -EINVAL;
}

static int do_explain(struct xs_cli *cli)
{
	struct xs_frames frames = {};
	struct xs_explained why;
	struct trial trial;
	int err, xdp, first = 0;

	if (!options_of(cli)->pcap == !options_of(cli)->hex)
		return xs_usage(cli, "give the packets: either --pcap FILE or --hex STRING");
	err = read_frames(cli, &frames);
	if (!err)
		err = open_trial(cli, &trial);
	if (err) {
		xs_frames_free(&frames);
		return err;
	}
	if (!frames.cnt)
		xs_warn(cli->ctx, "no packets in %s", options_of(cli)->pcap);
	for (__u32 i = 0; i < frames.cnt; i++) {
		err = xs_explain_run(cli->ctx, &trial.explain, &frames.frames[i], &why, &xdp);
		if (err && !first)
			first = err;
		if (err)
			continue;
		if (cli->json)
			explain_json(cli, &trial, i, &why, xdp);
		else
			explain_text(&trial, i, &why, xdp);
	}
	close_trial(&trial);
	err = say_broken(cli, &frames);
	xs_frames_free(&frames);
	return first ? first : err;
}

/* The rules as parsed, from the text that the set itself carries. */
static int rules_of(const struct trial *trial, struct xs_ruleset *rules)
{
	struct xs_rule_errors errors = {};
	struct xs_rule_source source = { .name = "rules in force" };
	size_t room = 1, used = 0;
	char *text;
	int err;

	for (__u32 i = 0; i < trial->set.header->rule_cnt; i++)
		room += strlen(xs_set_string(trial->set.header, trial->set.rules[i].text)) + 1;
	text = malloc(room);
	if (!text)
		return -ENOMEM;
	for (__u32 i = 0; i < trial->set.header->rule_cnt; i++)
		used += sprintf(text + used, "%s\n",
				xs_set_string(trial->set.header, trial->set.rules[i].text));
	source.text = text;
	source.len = used;
	err = xs_rules_parse(rules, &source, &errors);
	xs_rule_errors_free(&errors);
	free(text);
	return err;
}

static int draw_trace(struct xs_cli *cli, const struct trial *trial, struct xs_frames *frames)
{
	static const struct xs_rule anything;
	unsigned char frame[XS_RULE_FRAME_BYTES];
	struct xs_ruleset rules = {};
	int err = 0;

	if (trial->set.header && trial->set.header->rule_cnt)
		err = rules_of(trial, &rules);
	for (__u32 i = 0; !err && i < COST_FRAMES; i++) {
		const struct xs_rule *rule =
			rules.rule_cnt ? &rules.rules[(__u64)i * rules.rule_cnt / COST_FRAMES]
				       : &anything;

		err = xs_frames_add(cli, frames, frame, (__u32)xs_rule_frame(rule, i + 1, frame));
	}
	xs_ruleset_free(&rules);
	return err;
}

/* Of a longer capture, frames from all over it. */
static int read_trace(struct xs_cli *cli, struct xs_frames *frames)
{
	int err = xs_frames_read_pcap(cli, frames, options_of(cli)->pcap);
	__u32 cnt = frames->cnt;

	if (!err && !cnt) {
		xs_err(cli->ctx, "no packets in %s: there is nothing to measure",
		       options_of(cli)->pcap);
		return -ENODATA;
	}
	if (err || cnt <= COST_FRAMES)
		return err;
	for (__u32 i = 0; i < COST_FRAMES; i++) {
		struct xs_frame *from = &frames->frames[(__u64)i * cnt / COST_FRAMES];
		struct xs_frame kept = frames->frames[i];

		frames->frames[i] = *from;
		*from = kept;
	}
	for (__u32 i = COST_FRAMES; i < cnt; i++)
		free(frames->frames[i].bytes);
	frames->cnt = COST_FRAMES;
	return 0;
}

static int print_cost(struct xs_cli *cli, const struct trial *trial, const struct xs_frames *frames,
		      double ns, double bare)
{
	const struct xs_set_header *set = trial->set.header;
	__u32 rules = set ? set->rule_cnt : 0;
	__u64 bytes = set ? set->bytes : 0;
	double compile_ms = set ? xs_set_compile_ns(set) / 1e6 : 0;

	if (cli->json)
		return xs_json_print(cli,
				     json_pack("{s:f, s:f, s:i, s:I, s:f, s:i}", "ns_per_packet",
					       ns, "ns_bare", bare, "rules", rules, "tables_bytes",
					       (json_int_t)bytes, "compile_ms", compile_ms,
					       "frames", frames->cnt));
	printf("%.1f ns a packet, %.1f ns over a bare program (%.1f ns), each of %u frames hot\n"
	       "%u rules, %llu bytes of tables, compiled in %.1f ms\n",
	       ns, ns - bare, bare, frames->cnt, rules, bytes, compile_ms);
	return 0;
}

static int measure_trial(struct xs_cli *cli, const struct trial *trial,
			 const struct xs_frames *frames)
{
	double ns, ns_bare;
	int bare = xs_bare_program(cli->ctx), err;

	if (bare < 0)
		return bare;
	err = xs_measure(cli->ctx, bare, frames, COST_REPEAT, COST_ROUNDS, &ns_bare);
	if (!err)
		err = xs_measure(cli->ctx, xs_explain_prog_fd(&trial->explain), frames, COST_REPEAT,
				 COST_ROUNDS, &ns);
	close(bare);
	return err ? err : print_cost(cli, trial, frames, ns, ns_bare);
}

static int do_cost(struct xs_cli *cli)
{
	struct xs_frames frames = {};
	struct trial trial;
	int err;

	err = open_trial(cli, &trial);
	if (err)
		return err;
	err = options_of(cli)->pcap ? read_trace(cli, &frames) : draw_trace(cli, &trial, &frames);
	if (!err)
		err = measure_trial(cli, &trial, &frames);
	if (!err && frames.broken)
		xs_warn(cli->ctx, "%s", frames.broken); /* it is a trace as good as any */
	xs_frames_free(&frames);
	close_trial(&trial);
	return err;
}

static const struct xs_opt apply_opts[] = {
	{ "confirm", 0, "SEC", "roll back after SEC seconds unless confirmed",
	  XS_TO_U32(struct options, confirm_sec, 1, CONFIRM_MAX_SEC), .unit = "seconds" },
	{ NULL },
};

#define TRIAL_OPTS \
	{ "interface", 'd', "IF", "the rules in force on IF", \
	  XS_TO_TEXT(struct options, ifname) }, \
	{ \
		"file", 'f', "FILE", "the rules of FILE ('-': standard input)", \
			XS_TO_TEXT(struct options, file) \
	}

static const struct xs_opt explain_opts[] = {
	TRIAL_OPTS,
	{ "pcap", 0, "FILE", "packets of a capture", XS_TO_TEXT(struct options, pcap) },
	{ "hex", 0, "STRING", "one packet, from the Ethernet header on",
	  XS_TO_TEXT(struct options, hex) },
	{ "queue", 0, "N", "received on queue N (default 0)",
	  XS_TO_U32(struct options, queue, 0, 65535) },
	{ NULL },
};

static const struct xs_opt cost_opts[] = {
	TRIAL_OPTS,
	{ "pcap", 0, "FILE", "packets of a capture, instead of drawn from the rules",
	  XS_TO_TEXT(struct options, pcap) },
	{ NULL },
};

static const struct xs_cmd cmds[] = {
	{ "check", NULL, "FILE", "parse and compile only", NULL, 1, 1, do_check },
	{ "apply", NULL, "IF FILE", "put the rules of FILE in force, all or nothing", apply_opts, 2,
	  2, do_apply },
	{ "confirm", NULL, "IF", "keep what was applied with --confirm", NULL, 1, 1, do_confirm },
	{ "show", NULL, "IF", "the rules in force, with their counters", NULL, 1, 1, do_show },
	{ "flush", NULL, "IF", "remove all rules", NULL, 1, 1, do_flush },
	{ "explain", NULL, "(-d IF | -f FILE) (--pcap FILE | --hex STRING)",
	  "what the program does with packets, and why", explain_opts, 0, 0, do_explain },
	{ "cost", NULL, "(-d IF | -f FILE) [--pcap FILE]", "nanoseconds a packet", cost_opts, 0, 0,
	  do_cost },
	{ NULL },
};

int main(int argc, char **argv)
{
	struct options options = { 0 };
	const struct xs_tool tool = {
		.name = "xsteer-rules",
		.summary = "Check, apply, show and explain the rules that steer frames.",
		.cmds = cmds,
	};

	return xs_main(&tool, &options, argc, argv);
}
