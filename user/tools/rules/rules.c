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
#include "lib/rules/compile/compile.h"
#include "lib/api/rule_file.h"
#include "lib/rules/model/frame.h"
#include "lib/set/read.h"
#include "lib/set/sets.h"
#include "lib/rules/check/warn.h"
#include "tools/cli/json.h"
#include "tools/cli/table.h"

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

/* All errors of the file to stderr, each with its line; the first also as the JSON error. */
static int load_rules(struct xs_cli *cli, struct xs_ruleset *rules, const char *path)
{
	struct xs_rule_errors errors = {};
	int err = xs_rules_read(rules, path, &errors);

	xs_rule_errors_print(stderr, &errors);
	if (errors.cnt)
		xs_fail(cli, "%s:%u:%u: %s", errors.errors[0].file, errors.errors[0].line,
			errors.errors[0].column, errors.errors[0].message);
	else if (err)
		xs_err(cli->ctx, "cannot read the rules in %s: %s", path, strerror(-err));
	xs_rule_errors_free(&errors);
	return err;
}

/* Prints what is odd, and adds it to `list` if that is not NULL. */
static int warn_of(const struct xs_ruleset *rules, json_t *list)
{
	struct xs_rule_warnings warnings = {};
	int err = xs_rules_warn(rules, &warnings);

	if (!err)
		xs_rule_warnings_print(stderr, rules, &warnings);
	for (__u32 i = 0; !err && list && i < warnings.cnt; i++) {
		const struct xs_rule *rule = &rules->rules[warnings.warnings[i].rule];

		json_array_append_new(list, json_pack("{s:o, s:i, s:o}", "file",
						      xs_json_text(rules->files[rule->file]),
						      "line", rule->line, "message",
						      xs_json_text(warnings.warnings[i].message)));
	}
	xs_rule_warnings_free(&warnings);
	return err;
}

static void add_report(json_t *object, const struct xs_rule_report *report)
{
	json_object_set_new(object, "tables", json_integer(report->table_cnt));
	json_object_set_new(object, "entries", json_integer((json_int_t)report->entry_cnt));
	json_object_set_new(object, "longest_chain", json_integer(report->chain_max));
	json_object_set_new(object, "probe_bound", json_integer(report->probe_max));
	json_object_set_new(object, "tables_bytes", json_integer((json_int_t)report->bytes));
	json_object_set_new(object, "compile_ms", json_real(report->compile_ns / 1e6));
}

static int do_check(struct xs_cli *cli)
{
	struct xs_rule_report report = {};
	struct xs_rule_blob blob = {};
	struct xs_ruleset rules = {};
	json_t *warnings, *object;
	int err;

	err = load_rules(cli, &rules, cli->operands[0]);
	if (err)
		return err;
	warnings = json_array();
	err = warn_of(&rules, warnings);
	if (!err)
		err = xs_rule_sets_compile(cli->ctx, &rules, &blob, &report);
	if (!err && cli->json) {
		object = json_pack("{s:o, s:i, s:o}", "file", xs_json_text(cli->operands[0]),
				   "rules", rules.rule_cnt, "warnings", json_incref(warnings));
		add_report(object, &report);
		err = xs_json_print(cli, object);
	} else if (!err) {
		printf("%s: %u rules in %u tables, %llu entries, %llu bytes; at most %u probes a "
		       "frame, longest chain %u; compiled in %.1f ms\n",
		       cli->operands[0], rules.rule_cnt, report.table_cnt, report.entry_cnt,
		       report.bytes, report.probe_max, report.chain_max, report.compile_ns / 1e6);
	}
	json_decref(warnings);
	xs_rule_blob_free(&blob);
	xs_ruleset_free(&rules);
	return err;
}

/* ---- changing the rules of an instance ---- */

static int say_no_instance(struct xs_cli *cli, const char *ifname)
{
	xs_err(cli->ctx,
	       "%s: no xsteer instance in %s: is xsteer attached? 'xsteer-loader attach %s' does "
	       "it",
	       ifname, cli->pin_root, ifname);
	return -ENOENT;
}

/* Gives the lock, held until closed, and the instance; -errno, logged. */
static int open_locked(struct xs_cli *cli, struct xs_pins *pins, const char *ifname)
{
	int lock = xs_pins_open_locked(cli->ctx, pins, ifname);

	return lock == -ENOENT ? say_no_instance(cli, ifname) : lock;
}

/* `rules` NULL: none. */
static int put_rules(struct xs_cli *cli, const char *ifname, struct xs_ruleset *rules,
		     __u32 confirm_sec)
{
	__u32 rule_cnt = rules ? rules->rule_cnt : 0;
	struct xs_apply result;
	struct xs_pins pins;
	json_t *object;
	int lock, err;

	lock = open_locked(cli, &pins, ifname);
	if (lock < 0)
		return lock;
	err = rules ? xs_rule_sets_apply(&pins, rules, confirm_sec, &result)
		    : xs_rule_sets_flush(&pins, &result);
	xs_pins_close(&pins);
	close(lock);
	if (err)
		return err;
	if (cli->json) {
		object = json_pack("{s:s, s:I, s:i, s:I, s:i, s:f}", "interface", ifname,
				   "generation", (json_int_t)result.generation, "rules", rule_cnt,
				   "counters_carried", (json_int_t)result.carried,
				   "confirm_seconds", confirm_sec, "switch_ms",
				   result.switch_ns / 1e6);
		add_report(object, &result.report);
		return xs_json_print(cli, object);
	}
	printf("%s: rule set %llu in force: %u rules, counters of %llu carried over\n", ifname,
	       result.generation, rule_cnt, result.carried);
	if (confirm_sec)
		printf("%s: rolls back in %u s unless 'xsteer-rules confirm %s'\n", ifname,
		       confirm_sec, ifname);
	return 0;
}

static int do_apply(struct xs_cli *cli)
{
	struct xs_ruleset rules = {};
	int err;

	err = load_rules(cli, &rules, cli->operands[1]);
	if (!err)
		err = warn_of(&rules, NULL);
	if (!err)
		err = put_rules(cli, cli->operands[0], &rules, options_of(cli)->confirm_sec);
	xs_ruleset_free(&rules);
	return err;
}

static int do_flush(struct xs_cli *cli)
{
	return put_rules(cli, cli->operands[0], NULL, 0);
}

static int do_confirm(struct xs_cli *cli)
{
	struct xs_pins pins;
	int lock, err;

	lock = open_locked(cli, &pins, cli->operands[0]);
	if (lock < 0)
		return lock;
	err = xs_rule_sets_confirm(&pins);
	if (!err && cli->json)
		err = xs_json_print(cli, json_pack("{s:s, s:I}", "interface", cli->operands[0],
						   "generation", (json_int_t)pins.meta.generation));
	else if (!err)
		printf("%s: rule set %llu is confirmed\n", cli->operands[0], pins.meta.generation);
	xs_pins_close(&pins);
	close(lock);
	return err;
}

/* ---- show ---- */

static int open_reading(struct xs_cli *cli, struct xs_pins *pins, const char *ifname)
{
	int err = xs_pins_open(cli->ctx, pins, ifname, XS_PINS_READ);

	return err == -ENOENT ? say_no_instance(cli, ifname) : err;
}

static const char *said_or(const struct xs_rules_in_force *now, __u32 text, const char *otherwise)
{
	return now->header && text ? xs_set_string(now->header, text) : otherwise;
}

static const char *default_text(const struct xs_pins *pins, const struct xs_rules_in_force *now)
{
	const char *built_in = pins->meta.flags & XS_META_XSK_DROP ? "default xsk else drop"
								   : "default xsk else pass";

	return said_or(now, now->header ? now->header->default_text : 0, built_in);
}

static const char *malformed_text(const struct xs_rules_in_force *now)
{
	return said_or(now, now->header ? now->header->malformed_text : 0, "malformed pass");
}

static int show_json(struct xs_cli *cli, const struct xs_pins *pins, const char *ifname,
		     const struct xs_rules_in_force *now)
{
	__u32 cnt = now->header ? now->header->rule_cnt : 0;
	json_t *rules = json_array();

	for (__u32 i = 0; i < cnt; i++) {
		const struct xs_set_rule *rule = &now->rules[i];

		json_array_append_new(
			rules, json_pack("{s:o, s:i, s:s, s:s, s:I, s:I}", "file",
					 xs_json_text(xs_set_file(now->header, rule->file)), "line",
					 rule->line, "text", xs_set_string(now->header, rule->text),
					 "verdict", xs_verdict_names[rule->action.verdict],
					 "packets", (json_int_t)now->stats[i].packets, "bytes",
					 (json_int_t)now->stats[i].bytes));
	}
	return xs_json_print(cli,
			     json_pack("{s:s, s:I, s:b, s:f, s:s, s:s, s:o}", "interface", ifname,
				       "generation", (json_int_t)xs_rule_sets_generation(pins),
				       "rolled_back", now->rolled_back, "confirm_seconds_left",
				       now->confirm_ns / 1e9, "default", default_text(pins, now),
				       "malformed", malformed_text(now), "rules", rules));
}

static void show_text(const struct xs_pins *pins, const char *ifname,
		      const struct xs_rules_in_force *now)
{
	__u32 cnt = now->header ? now->header->rule_cnt : 0;

	printf("# %s: rule set %llu, %u rules\n", ifname, xs_rule_sets_generation(pins), cnt);
	if (now->rolled_back)
		printf("# rolled back: the set after it was not confirmed in time\n");
	if (now->confirm_ns)
		printf("# rolls back in %.0f s unless 'xsteer-rules confirm %s'\n",
		       now->confirm_ns / 1e9, ifname);
	printf("%s\n%s\n", default_text(pins, now), malformed_text(now));
	for (__u32 i = 0; i < cnt; i++)
		printf("%s # packets %llu bytes %llu\n",
		       xs_set_string(now->header, now->rules[i].text), now->stats[i].packets,
		       now->stats[i].bytes);
}

static int do_show(struct xs_cli *cli)
{
	struct xs_rules_in_force now;
	struct xs_pins pins;
	int err;

	err = open_reading(cli, &pins, cli->operands[0]);
	if (err)
		return err;
	err = xs_rule_sets_read(&pins, &now);
	if (!err && cli->json)
		err = show_json(cli, &pins, cli->operands[0], &now);
	else if (!err)
		show_text(&pins, cli->operands[0], &now);
	xs_rules_in_force_close(&now);
	xs_pins_close(&pins);
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
	struct xs_ruleset rules = {};
	int err;

	err = load_rules(cli, &rules, options_of(cli)->file);
	if (!err)
		err = xs_explain_open(cli->ctx, &trial->explain, NULL, options_of(cli)->queue);
	if (!err)
		err = xs_rule_sets_apply(&trial->explain.pins, &rules, 0, &trial->applied);
	xs_ruleset_free(&rules);
	return err;
}

static int open_live_trial(struct xs_cli *cli, struct trial *trial)
{
	int err = open_reading(cli, &trial->live, options_of(cli)->ifname);

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
