// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-rules explain: shows what the program does with packets, and why. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "rules.h"
#include "trial.h"

/* A rule as explain names it: LINE, or FILE:LINE if it was included. */
static json_t *rule_json(const struct xsteer_explained *why)
{
	json_t *text;
	char *place;

	if (why->rule == XSTEER_NO_RULE)
		return json_null();
	if (!(why->flags & XSTEER_EXPLAINED_INCLUDED))
		return json_integer(why->line);
	if (asprintf(&place, "%s:%u", why->file, why->line) < 0)
		return json_null();
	text = xs_json_text(place);
	free(place);
	return text;
}

static void explain_text(__u32 packet, const struct xsteer_explained *why)
{
	json_t *rule = rule_json(why);
	char *line = json_is_null(rule) ? NULL : json_dumps(rule, JSON_ENCODE_ANY);

	printf("packet %u: ", packet);
	if (line)
		printf("rule %s (%s)", line, why->text);
	else
		printf("no rule");
	printf(": %s, %s%s%s\n", xsteer_verdict_name(why->verdict), xsteer_xdp_name(why->xdp),
	       why->reason ? ", " : "", why->reason ? xsteer_reason_name(why->reason) : "");
	free(line);
	json_decref(rule);
}

static void explain_json(struct xs_cli *cli, __u32 packet, const struct xsteer_explained *why)
{
	json_t *object = json_pack("{s:i, s:o, s:s, s:s, s:s?}", "packet", packet, "rule",
				   rule_json(why), "verdict", xsteer_verdict_name(why->verdict),
				   "xdp", xsteer_xdp_name(why->xdp), "reason",
				   why->reason ? xsteer_reason_name(why->reason) : NULL);

	json_dumpf(object, stdout, cli->pretty ? JSON_INDENT(2) : 0);
	putchar('\n');
	json_decref(object);
}

static int read_frames(struct xs_cli *cli, struct xs_frames *frames)
{
	return xs_rules_opts(cli)->pcap ? xs_frames_read_pcap(cli, frames, xs_rules_opts(cli)->pcap)
					: xs_frames_read_hex(cli, frames, xs_rules_opts(cli)->hex);
}

/* After the output for the whole packets: at the top nobody would see it. */
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
	XSTEER_STRUCT(xsteer_explained, why);
	struct xsteer_explain *trial;
	int err, first = 0;

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
		err = xsteer_explain_frame(trial, frames.frames[i].bytes, frames.frames[i].len,
					   &why);
		if (err && !first)
			first = err;
		if (err)
			continue;
		if (cli->json)
			explain_json(cli, i, &why);
		else
			explain_text(i, &why);
	}
	xsteer_explain_close(trial);
	err = say_broken(cli, &frames);
	xs_frames_free(&frames);
	return first ? first : err;
}
