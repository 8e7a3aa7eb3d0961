// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* xsteer-rules cost: measures nanoseconds per packet, beside a bare program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/api/explain.h"
#include "lib/base/number.h"
#include "lib/rules/compile/frame.h"
#include "lib/rules/model/ruleset.h"
#include "lib/set/parsed.h"
#include "lib/set/read.h"
#include "capture.h"
#include "tools/cli/cli.h"
#include "tools/cli/json.h"
#include "rules.h"
#include "trial.h"

/*
 * Each test run waits for an RCU grace period, because the kernel enters and leaves its
 * XDP dispatcher. So there are few runs, and long ones.
 */
#define COST_FRAMES 32 /* generated from the rules, or spread over a capture */
#define COST_REPEAT 50000
#define COST_ROUNDS 3

static int draw_trace(struct xs_cli *cli, const struct xsteer_explain *trial,
		      struct xs_frames *frames)
{
	static const struct xs_rule anything;
	unsigned char frame[XS_RULE_FRAME_BYTES];
	struct xs_ruleset rules = {};
	int err = 0;

	if (trial->set.header && trial->set.header->rule_cnt)
		err = xs_set_parse(trial->set.header, &rules);
	for (__u32 i = 0; !err && i < COST_FRAMES; i++) {
		const struct xs_rule *rule =
			rules.rule_cnt ? &rules.rules[(__u64)i * rules.rule_cnt / COST_FRAMES]
				       : &anything;
		__u32 len = (__u32)xs_rule_frame(rule, i + 1, frame);

		err = len ? xs_frames_add(cli, frames, frame, len, len) : -ENOMEM;
	}
	xs_ruleset_free(&rules);
	return err;
}

/* Reads a trace. From a longer capture it takes frames spread over the whole capture. */
static int read_trace(struct xs_cli *cli, struct xs_frames *frames)
{
	int err = xs_frames_read_pcap(cli, frames, xs_rules_opts(cli)->pcap);
	__u32 cnt = frames->cnt;

	if (!err && !cnt) {
		xs_err(cli->ctx, "no packets in %s: there is nothing to measure",
		       xs_rules_opts(cli)->pcap);
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

static int print_cost(struct xs_cli *cli, const struct xsteer_explain *trial,
		      const struct xs_frames *frames, double ns, double bare)
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
	printf("%.1f ns a packet, %.1f ns over a bare program (%.1f ns), each of %u frame%s hot\n"
	       "%u rule%s, %llu bytes of tables, compiled in %.1f ms\n",
	       ns, ns - bare, bare, frames->cnt, xs_s(frames->cnt), rules, xs_s(rules), bytes,
	       compile_ms);
	return 0;
}

static int measure_trial(struct xs_cli *cli, const struct xsteer_explain *trial,
			 const struct xs_frames *frames)
{
	double ns, ns_bare;
	int bare = xs_bare_program(cli->ctx), err;

	if (bare < 0)
		return bare;
	err = xs_measure(cli->ctx, bare, frames, COST_REPEAT, COST_ROUNDS, &ns_bare);
	if (!err)
		err = xs_measure(cli->ctx, xs_explain_prog_fd(&trial->copy), frames, COST_REPEAT,
				 COST_ROUNDS, &ns);
	close(bare);
	return err ? err : print_cost(cli, trial, frames, ns, ns_bare);
}

int xs_do_cost(struct xs_cli *cli)
{
	struct xs_frames frames = {};
	struct xsteer_explain *trial;
	int err;

	err = xs_trial_open(cli, &trial);
	if (err)
		return err;
	err = xs_rules_opts(cli)->pcap ? read_trace(cli, &frames) : draw_trace(cli, trial, &frames);
	if (!err)
		err = measure_trial(cli, trial, &frames);
	if (!err && frames.broken)
		xs_warn(cli->ctx, "%s", frames.broken); /* this trace is as good as any */
	xs_frames_free(&frames);
	xsteer_explain_close(trial);
	return err;
}
