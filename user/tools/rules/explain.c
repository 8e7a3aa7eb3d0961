// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-rules explain: shows what the program does with packets, and why. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/if_ether.h>

#include "capture.h"
#include "decided.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "rules.h"
#include "trial.h"

static struct xs_decided decided(const struct xsteer_explained *why)
{
	return (struct xs_decided){
		.rule = why->rule,
		.line = why->line,
		.included = why->flags & XSTEER_EXPLAINED_INCLUDED,
		.file = why->file,
		.text = why->text,
		.verdict = why->verdict,
		.reason = why->reason,
		.xdp = why->xdp,
		.limited = why->flags & XSTEER_EXPLAINED_LIMITED,
		.over_verdict = why->over_verdict,
		.over_xdp = why->over_xdp,
		.spread = why->flags & XSTEER_EXPLAINED_SPREAD,
		.cpu = why->cpu,
	};
}

static void explain_text(__u32 packet, const struct xsteer_explained *why)
{
	const struct xs_decided by = decided(why);
	char *text = xs_decided_text(&by);

	printf("packet %u: %s\n", packet, text ? text : "");
	free(text);
}

static void explain_json(struct xs_cli *cli, __u32 packet, const struct xsteer_explained *why)
{
	const struct xs_decided by = decided(why);
	json_t *object = json_pack("{s:i}", "packet", packet);

	xs_decided_add(object, &by);
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

/* A frame that is none is told by its number. */
static int explain_frame(struct xs_cli *cli, struct xsteer_explain *trial, __u32 packet,
			 const struct xs_frame *frame, struct xsteer_explained *why)
{
	if (frame->len >= ETH_HLEN)
		return xsteer_explain_frame(trial, frame->bytes, frame->len, why);
	xs_err(cli->ctx,
	       "packet %u has %u byte%s, and the kernel's test run takes none below %d: "
	       "on the wire it counts as malformed_eth",
	       packet, frame->len, xs_s(frame->len), ETH_HLEN);
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
		err = explain_frame(cli, trial, i, &frames.frames[i], &why);
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
