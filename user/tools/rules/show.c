// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-rules show: prints the rules in force, with their counters. */
#include <stdio.h>

#include <stdbool.h>

#include "lib/base/number.h"
#include "lib/base/escape.h"
#include "set_show.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "rules.h"

static json_t *limit_json(const struct xsteer_rule *rule)
{
	return xs_json_limit(rule->packets, rule->bytes, rule->over_packets, rule->over_bytes,
			     rule->no_room_packets);
}

static int add_rule(void *arg, const struct xsteer_rule *rule)
{
	json_t *row = json_pack("{s:o, s:i, s:o, s:s, s:I, s:I}", "file", xs_json_text(rule->file),
				"line", rule->line, "text", xs_json_text(rule->text), "verdict",
				xsteer_verdict_name(rule->verdict), "packets",
				(json_int_t)rule->packets, "bytes", (json_int_t)rule->bytes);

	if (rule->name)
		json_object_set_new(row, "name", json_string(rule->name));
	if (rule->flags & XSTEER_RULE_LIMITED)
		json_object_set_new(row, "limit", limit_json(rule));
	if (rule->gone_ifindex)
		json_object_set_new(row, "gone_ifindex", json_integer(rule->gone_ifindex));
	json_array_append_new(arg, row);
	return 0;
}

static int show_json(struct xs_cli *cli, const char *ifname)
{
	XSTEER_STRUCT(xsteer_rule_set, set);
	json_t *rules = json_array(), *sets;
	int err;

	err = xsteer_rules_show(cli->ctx, ifname, &set, add_rule, rules);
	if (!err)
		err = xs_sets_json(cli, ifname, &sets);
	if (err) {
		json_decref(rules);
		return err;
	}
	return xs_json_print(
		cli, json_pack("{s:o, s:I, s:b, s:f, s:o, s:o, s:o, s:o}", "interface",
			       xs_json_text(ifname), "generation", (json_int_t)set.generation,
			       "rolled_back", set.flags & XSTEER_RULE_SET_ROLLED_BACK,
			       "confirm_seconds_left", set.confirm_ns / 1e9, "default",
			       xs_json_text(set.default_text), "malformed",
			       xs_json_text(set.malformed_text), "sets", sets, "rules", rules));
}

struct shown {
	struct xs_cli *cli;
	const char *ifname;
	struct xsteer_rule_set set;
	bool headed; /* the text above the rules has been printed */
};

static void show_head(struct shown *shown)
{
	const struct xsteer_rule_set *set = &shown->set;

	if (shown->headed)
		return;
	shown->headed = true;
	printf("# %s: rule set %llu, %u rule%s\n", xs_shown(shown->ifname).text,
	       (unsigned long long)set->generation, set->rule_count, xs_s(set->rule_count));
	if (set->flags & XSTEER_RULE_SET_ROLLED_BACK)
		printf("# rolled back: the set after it was not confirmed in time\n");
	if (set->confirm_ns)
		printf("# rolls back in %.0f s unless 'xsteer-rules confirm %s'\n",
		       set->confirm_ns / 1e9, xs_shown(shown->ifname).text);
	xs_sets_print(shown->cli, shown->ifname);
	printf("%s\n%s\n", set->default_text, set->malformed_text);
}

static int show_rule(void *arg, const struct xsteer_rule *rule)
{
	show_head(arg);
	printf("%s # packets %llu bytes %llu", rule->text, (unsigned long long)rule->packets,
	       (unsigned long long)rule->bytes);
	if (rule->flags & XSTEER_RULE_LIMITED)
		printf("; within its limit %llu, over it %llu",
		       (unsigned long long)(rule->packets - rule->over_packets),
		       (unsigned long long)rule->over_packets);
	if (rule->no_room_packets)
		printf(", no room for the key of %llu", (unsigned long long)rule->no_room_packets);
	if (rule->gone_ifindex)
		printf("; its interface, index %u is gone: frames pass", rule->gone_ifindex);
	putchar('\n');
	return 0;
}

int xs_do_show(struct xs_cli *cli)
{
	struct shown shown = { .cli = cli, .set = { .sz = sizeof(shown.set) } };
	int err;

	err = xs_rules_take_if(cli, 0, false);
	if (err)
		return err;
	shown.ifname = xs_rules_opts(cli)->ifname;
	if (cli->json)
		return show_json(cli, shown.ifname);
	err = xsteer_rules_show(cli->ctx, shown.ifname, &shown.set, show_rule, &shown);
	if (!err)
		show_head(&shown);
	return err;
}
