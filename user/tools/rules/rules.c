// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-rules: check, apply, confirm and flush the rules of an instance; its main(). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <net/if.h>

#include "lib/base/number.h"
#include "lib/base/escape.h"
#include "lib/api/place.h"
#include "lib/instance/place.h"
#include "lib/net/identity.h"
#include "maps/trace.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "tools/cli/rule_text.h"
#include "rules.h"

#define CONFIRM_MAX_SEC 86400
#define WARNINGS_MAX 100 /* told; a person reads no more, and a generated file may have a million */

struct warned {
	json_t *list; /* of warnings; or NULL */
	__u32 cnt; /* found */
};

void xs_rules_call_if(struct xs_cli *cli, struct xs_rules_opts *opts)
{
	if (opts->ifname)
		opts->ifname = xs_interface_called(cli->ctx, opts->ifname, opts->name);
}

int xs_rules_take_if(struct xs_cli *cli, int others, bool optional)
{
	struct xs_rules_opts *opts = xs_rules_opts(cli);

	if (cli->operand_cnt < others || (!opts->ifname && !optional && cli->operand_cnt == others))
		return xs_usage(cli, "%s: %s is missing", cli->cmd->name, cli->cmd->args);
	if (cli->operand_cnt > others && (opts->ifname || opts->file))
		return xs_usage(cli, "too many operands: '%s'", cli->operands[others]);
	if (cli->operand_cnt > others) {
		opts->ifname = cli->operands[0];
		cli->operands++;
		cli->operand_cnt--;
	}
	xs_rules_call_if(cli, opts);
	return 0;
}

static void tell_warning(void *arg, const struct xsteer_finding *finding)
{
	struct warned *warned = arg;

	if (warned->cnt++ >= WARNINGS_MAX)
		return;
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
	struct warned warned = { list, 0 };
	int err = xsteer_rules_warnings(cli->ctx, rules, tell_warning, &warned);

	if (warned.cnt > WARNINGS_MAX)
		xs_warn(cli->ctx, "%u more warnings like these", warned.cnt - WARNINGS_MAX);
	return err;
}

/*
 * Compares the rules with what `ifname` can do, or without one with this machine; prints as
 * warn_of(). -ERANGE, logged: one can never work.
 */
static int compare(struct xs_cli *cli, const struct xsteer_rules *rules, const char *ifname,
		   json_t *list)
{
	struct warned warned = { list, 0 };

	if (ifname)
		return xs_place_compare(cli->ctx, rules, ifname, XS_MODE_AUTO, tell_warning,
					&warned);
	xs_place_compare_machine(rules, tell_warning, &warned);
	return 0;
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
	struct xsteer_rules *rules;
	json_t *warnings, *object;
	const char *file;
	int err;

	err = xs_rules_take_if(cli, 1, true);
	if (err)
		return err;
	file = cli->operands[0];
	err = xs_cli_read_rules(cli, file, &rules);
	if (err)
		return err;
	warnings = json_array();
	err = warn_of(cli, rules, warnings);
	if (!err)
		err = compare(cli, rules, xs_rules_opts(cli)->ifname, warnings);
	if (!err)
		err = xsteer_rules_check(cli->ctx, rules, &cost);
	if (!err && cli->json) {
		object = json_pack("{s:o, s:i, s:o}", "file", xs_json_text(file), "rules",
				   xsteer_rules_count(rules), "warnings", json_incref(warnings));
		add_cost(object, &cost);
		err = xs_json_print(cli, object);
	} else if (!err) {
		printf("%s: %u rule%s in %u table%s, %llu entr%s, %llu bytes; at most %u probe%s a "
		       "frame, longest chain %u; compiled in %.1f ms\n",
		       xs_shown(file).text, xsteer_rules_count(rules),
		       xs_s(xsteer_rules_count(rules)), cost.tables, xs_s(cost.tables),
		       (unsigned long long)cost.entries, cost.entries == 1 ? "y" : "ies",
		       (unsigned long long)cost.table_bytes, cost.probe_bound,
		       xs_s(cost.probe_bound), cost.longest_chain, cost.compile_ns / 1e6);
	}
	json_decref(warnings);
	xsteer_rules_free(rules);
	return err;
}

/* What follows of the interface: rules in force with so many rules, which cost so much. */
static int say_applied(struct xs_cli *cli, const struct xsteer_applied *applied,
		       const struct xsteer_rules *rules)
{
	const char *ifname = xs_rules_opts(cli)->ifname;
	__u32 confirm_sec = xs_rules_opts(cli)->confirm_sec;
	XSTEER_STRUCT(xsteer_cost, cost);
	json_t *object;
	int err;

	if (cli->json) {
		err = xsteer_rules_cost(cli->ctx, rules, &cost);
		if (err)
			return err;
		object = json_pack(
			"{s:o, s:I, s:i, s:I, s:i, s:f}", "interface", xs_json_text(ifname),
			"generation", (json_int_t)applied->generation, "rules",
			xsteer_rules_count(rules), "counters_carried", (json_int_t)applied->carried,
			"confirm_seconds", confirm_sec, "switch_ms", applied->switch_ns / 1e6);
		add_cost(object, &cost);
		return xs_json_print(cli, object);
	}
	printf("%s: rule set %llu in force: %u rule%s, counters of %llu carried over\n",
	       xs_shown(ifname).text, (unsigned long long)applied->generation,
	       xsteer_rules_count(rules), xs_s(xsteer_rules_count(rules)),
	       (unsigned long long)applied->carried);
	if (confirm_sec)
		printf("%s: rolls back in %u s unless 'xsteer-rules confirm %s'\n",
		       xs_shown(ifname).text, confirm_sec, xs_shown(ifname).text);
	return 0;
}

static int put_rules(struct xs_cli *cli, struct xsteer_rules *rules)
{
	XSTEER_STRUCT(xsteer_apply_opts, opts, .confirm_sec = xs_rules_opts(cli)->confirm_sec);
	XSTEER_STRUCT(xsteer_applied, applied);
	int err;

	err = xsteer_rules_apply(cli->ctx, xs_rules_opts(cli)->ifname, rules, &opts, &applied);
	return err ? err : say_applied(cli, &applied, rules);
}

/* "apply FILE IF": what stands where the interface should is a file, and the other way round. */
static bool is_turned_round(const char *ifname, const char *file)
{
	char name[IFNAMSIZ];
	__u32 ifindex;

	return !access(ifname, F_OK) && access(file, F_OK) &&
	       xs_netif_find(ifname, &ifindex, name) == -ENODEV &&
	       !xs_netif_find(file, &ifindex, name);
}

static int do_apply(struct xs_cli *cli)
{
	const char *ifname, *file;
	struct xsteer_rules *rules;
	int err;

	err = xs_rules_take_if(cli, 1, false);
	if (err)
		return err;
	ifname = xs_rules_opts(cli)->ifname;
	file = cli->operands[0];
	if (is_turned_round(ifname, file))
		return xs_usage(cli, "the interface comes first: apply %s %s", file, ifname);
	err = xs_cli_read_rules(cli, file, &rules);
	if (err)
		return err;
	err = warn_of(cli, rules, NULL);
	if (!err)
		err = put_rules(cli, rules);
	if (!err)
		compare(cli, rules, ifname, NULL); /* what never works was refused */
	xsteer_rules_free(rules);
	return err;
}

/* Like an apply of an empty file, whose cost is known. */
static int do_flush(struct xs_cli *cli)
{
	struct xsteer_rules *none;
	int err;

	err = xs_rules_take_if(cli, 0, false);
	if (err)
		return err;
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
	const char *ifname;
	int err;

	err = xs_rules_take_if(cli, 0, false);
	if (err)
		return err;
	ifname = xs_rules_opts(cli)->ifname;
	err = xsteer_rules_confirm(cli->ctx, ifname, &applied);
	if (err)
		return err;
	if (cli->json)
		return xs_json_print(cli, json_pack("{s:o, s:I}", "interface", xs_json_text(ifname),
						    "generation", (json_int_t)applied.generation));
	printf("%s: rule set %llu is confirmed\n", xs_shown(ifname).text,
	       (unsigned long long)applied.generation);
	return 0;
}

#define IF_OPT \
	{ \
		"interface", 'd', "IF", "the interface, if it is no operand", \
			XS_TO_TEXT(struct xs_rules_opts, ifname) \
	}

static const struct xs_opt if_opts[] = {
	IF_OPT,
	{ NULL },
};

static const struct xs_opt apply_opts[] = {
	IF_OPT,
	{ "confirm", 0, "SEC", "roll back after SEC seconds unless confirmed",
	  XS_TO_U32(struct xs_rules_opts, confirm_sec, 1, CONFIRM_MAX_SEC), .unit = "seconds" },
	{ NULL },
};

#define TRIAL_OPTS \
	{ "interface", 'd', "IF", "the rules in force on IF", \
	  XS_TO_TEXT(struct xs_rules_opts, ifname) }, \
	{ \
		"file", 'f', "FILE", "the rules of FILE ('-': standard input)", \
			XS_TO_TEXT(struct xs_rules_opts, file) \
	}

static const struct xs_opt check_opts[] = {
	{ "interface", 'd', "IF", "compare with what this interface can do",
	  XS_TO_TEXT(struct xs_rules_opts, ifname) },
	{ NULL },
};

static const struct xs_opt explain_opts[] = {
	TRIAL_OPTS,
	{ "pcap", 0, "FILE", "packets of a capture", XS_TO_TEXT(struct xs_rules_opts, pcap) },
	{ "hex", 0, "STRING", "one packet, from the Ethernet header on",
	  XS_TO_TEXT(struct xs_rules_opts, hex) },
	{ "queue", 0, "N", "received on queue N (default 0)",
	  XS_TO_U32(struct xs_rules_opts, queue, 0, 65535) },
	{ "ct-state", 0, "STATE",
	  "of a connection that is new, established or related (default new)",
	  XS_TO_TEXT(struct xs_rules_opts, ct_state) },
	{ NULL },
};

static const struct xs_opt import_opts[] = {
	{ "partial", 0, NULL, "succeed though some lines could not be said",
	  XS_TO_FLAG(struct xs_rules_opts, partial) },
	{ NULL },
};

static const struct xs_opt cost_opts[] = {
	TRIAL_OPTS,
	{ "pcap", 0, "FILE", "packets of a capture, instead of drawn from the rules",
	  XS_TO_TEXT(struct xs_rules_opts, pcap) },
	{ NULL },
};

static const struct xs_opt trace_opts[] = {
	IF_OPT,
	{ "verdict", 0, "VERDICT[,VERDICT...]", "only frames that are counted so",
	  XS_TO_TEXT(struct xs_rules_opts, verdict) },
	{ "reason", 0, "REASON[,REASON...]", "only frames with this reason",
	  XS_TO_TEXT(struct xs_rules_opts, reason) },
	{ "count", 'c', "N", "end after N frames",
	  XS_TO_U64(struct xs_rules_opts, count, 1, ~0ULL) },
	{ "write", 'w', "FILE", "write pcapng ('-': standard output)",
	  XS_TO_TEXT(struct xs_rules_opts, write) },
	{ "snap", 0, "BYTES", "of each frame, at most (default 16384)",
	  XS_TO_U32(struct xs_rules_opts, snap, 1, XS_TRACE_SNAP_MAX), .unit = "bytes" },
	{ "rate", 0, "N", "frames a second, at most (default 1000)",
	  XS_TO_U32(struct xs_rules_opts, rate, 1, 1000000) },
	{ NULL },
};

static const struct xs_cmd cmds[] = {
	{ "check", NULL, "FILE", "parse and compile only", check_opts, 1, 2, do_check },
	{ "apply", NULL, "IF FILE", "put the rules of FILE in force, all or nothing", apply_opts, 1,
	  2, do_apply },
	{ "confirm", NULL, "IF", "keep what was applied with --confirm", if_opts, 0, 1,
	  do_confirm },
	{ "show", NULL, "IF", "the rules in force, with their counters", if_opts, 0, 1,
	  xs_do_show },
	{ "flush", NULL, "IF", "remove all rules", if_opts, 0, 1, do_flush },
	{ "explain", NULL, "(-d IF | -f FILE) (--pcap FILE | --hex STRING)",
	  "what the program does with packets, and why", explain_opts, 0, 1, xs_do_explain },
	{ "cost", NULL, "(-d IF | -f FILE) [--pcap FILE]", "nanoseconds a packet", cost_opts, 0, 1,
	  xs_do_cost },
	{ "set", NULL, "add|del|list|flush IF NAME [ELEMENT...] [timeout TIME]",
	  "members of a dynamic set, without an apply", if_opts, 1, -1, xs_do_set },
	{ "import", NULL, "nft|iptables-save|ethtool|ovs|cidr FILE",
	  "another tool's rules as a rule file", import_opts, 2, 2, xs_do_import },
	{ "trace", NULL, "IF [RULE...]", "frames as they are decided, also those that are dropped",
	  trace_opts, 0, -1, xs_do_trace },
	{ NULL },
};

/* nft's, iptables' and ethtool's ways of saying it. */
static const struct xs_guess guesses[] = {
	{ "list", "'show IF' shows the rules in force" },
	{ "-L", "'show IF' shows the rules in force" },
	{ "-S", "'show IF' shows the rules in force" },
	{ "save", "'show IF' prints the rules so that they can be applied again" },
	{ "add", "rules live in a file: add a line, then 'apply IF FILE'" },
	{ "insert", "rules live in a file: add a line, then 'apply IF FILE'" },
	{ "-A", "rules live in a file: add a line, then 'apply IF FILE'" },
	{ "delete", "rules live in a file: take the line out, then 'apply IF FILE'" },
	{ "-D", "rules live in a file: take the line out, then 'apply IF FILE'" },
	{ "reset", "counters go on; 'flush IF' removes the rules and their counters" },
	{ "-Z", "counters go on; 'flush IF' removes the rules and their counters" },
	{ "-F", "'flush IF' removes all rules" },
	{ "monitor", "'xsteer-maps stats IF -w 1' shows what is counted as it goes on" },
	{ "load", "'apply IF FILE' puts the rules of a file in force" },
	{ "restore", "'apply IF FILE' puts the rules of a file in force" },
	{ "-f", "'apply IF FILE' puts the rules of a file in force" },
	{ "-c", "'check FILE' parses and compiles only" },
	{ NULL, NULL },
};

int main(int argc, char **argv)
{
	struct xs_rules_opts options = { .snap = XS_TRACE_SNAP_MAX, .rate = 1000 };
	const struct xs_tool tool = {
		.name = "xsteer-rules",
		.summary = "Check, apply, show and explain the rules that steer frames.",
		.cmds = cmds,
		.guesses = guesses,
	};

	return xs_main(&tool, &options, argc, argv);
}
