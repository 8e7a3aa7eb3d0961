// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-rules explain: what the program does with packets, and why. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/names.h"
#include "lib/set/read.h"
#include "frames.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "rules.h"
#include "trial.h"

/* A rule as explain names it: LINE, or FILE:LINE where it was included. */
static json_t *rule_json(const struct xs_trial *trial, __u32 index)
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

static void explain_text(const struct xs_trial *trial, __u32 packet, const struct xs_explained *why,
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

static void explain_json(struct xs_cli *cli, const struct xs_trial *trial, __u32 packet,
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
	return xs_rules_opts(cli)->pcap ? xs_frames_read_pcap(cli, frames, xs_rules_opts(cli)->pcap)
					: xs_frames_read_hex(cli, frames, xs_rules_opts(cli)->hex);
}

/* Below what its whole packets gave: at the top nobody would see it. */
static int say_broken(struct xs_cli *cli, const struct xs_frames *frames)
{
	if (!frames->broken)
		return 0;
	xs_err(cli->ctx, "%s", frames->broken);
	return -EINVAL;
}

int xs_do_explain(struct xs_cli *cli)
{
	struct xs_frames frames = {};
	struct xs_explained why;
	struct xs_trial trial;
	int err, xdp, first = 0;

	if (!xs_rules_opts(cli)->pcap == !xs_rules_opts(cli)->hex)
		return xs_usage(cli, "give the packets: either --pcap FILE or --hex STRING");
	err = read_frames(cli, &frames);
	if (!err)
		err = xs_trial_open(cli, &trial);
	if (err) {
		xs_frames_free(&frames);
		return err;
	}
	if (!frames.cnt)
		xs_warn(cli->ctx, "no packets in %s", xs_rules_opts(cli)->pcap);
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
	xs_trial_close(&trial);
	err = say_broken(cli, &frames);
	xs_frames_free(&frames);
	return first ? first : err;
}
