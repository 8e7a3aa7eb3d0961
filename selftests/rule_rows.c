// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Tests of rules as tables; see rule_rows.h. */
#include "rule_rows.h"

#include <stdio.h>
#include <string.h>

#define SMALLEST_BUFFER 14
#define ONE_BUFFER 3500 /* longer frames take several */

void rule_apply(struct test_env *env, struct test_rules *rules, const char *text)
{
	int err = test_rules_open(env, rules, text);

	if (err)
		fail_msg("cannot apply: %s: %s %s", text, strerror(-err), rules->report.error);
}

static int line_of(const struct test_rules *rules, const struct oracle_result *oracle)
{
	if (oracle->rule >= 0)
		return rules->parsed.rules[oracle->rule].line;
	return oracle->reason == XS_REASON_default ? RULE_DEFAULT : RULE_MALFORMED;
}

static void check_oracle(const struct rule_row *row, const struct test_rules *rules,
			 const struct oracle_result *oracle, const char *name)
{
	int line = line_of(rules, oracle);
	enum xs_reason reason = row->line > 0		      ? XS_REASON_none
				: row->line == RULE_MALFORMED ? row->reason
							      : XS_REASON_default;

	if (line != row->line || oracle->reason != reason)
		fail_msg("%s: the oracle says line %d, reason %s; the row line %d, reason %s", name,
			 line, xs_reason_names[oracle->reason], row->line, xs_reason_names[reason]);
}

/* The frame in one buffer, then with all but the Ethernet header in a second one. */
static void check_program(struct test_env *env, struct test_rules *rules,
			  const struct test_frame *frame, const struct oracle_result *oracle)
{
	struct test_want want = test_want_of(oracle);
	struct test_frame split = *frame;

	split.linear = SMALLEST_BUFFER;
	test_frame(env, frame, &want);
	test_rules_count(rules, oracle->rule, frame->len);
	if (env->has_linear && frame->len > SMALLEST_BUFFER) {
		test_frame(env, &split, &want);
		test_rules_count(rules, oracle->rule, frame->len);
	}
	if (test_rules_diff(env, rules))
		fail_msg("%s: the rules' counters are wrong", frame->name);
}

void rule_rows_run(void **state, const struct rule_row *rows, size_t cnt)
{
	struct test_env *env = test_env(state);
	struct test_rules rules = { .set_fd = -1 };
	static struct packet packet;
	const char *text = NULL;
	char name[512];

	for (size_t i = 0; i < cnt; i++) {
		struct test_frame frame = { name, packet.data, 0, rows[i].queue, 0 };
		struct oracle_result oracle;

		if (rows[i].rules) {
			text = rows[i].rules;
			test_rules_close(&rules);
			rule_apply(env, &rules, text);
		}
		snprintf(name, sizeof(name), "\"%s\": \"%s\"", text, rows[i].frame);
		packet_text(&packet, rows[i].frame);
		frame.len = packet.len;
		if (frame.len > ONE_BUFFER && !env->has_frags)
			continue;
		oracle = oracle_run(&rules.parsed, NULL, packet.data, packet.len, rows[i].queue);
		check_oracle(&rows[i], &rules, &oracle, name);
		check_program(env, &rules, &frame, &oracle);
	}
	test_rules_close(&rules);
	test_rules_clear(env);
}

void rule_check(struct test_env *env, struct test_rules *rules, const struct oracle_world *world,
		const char *text, __u32 queue, int line, const struct test_want *want)
{
	static struct packet packet;
	struct test_frame frame = { text, packet.data, 0, queue, 0 };
	struct oracle_result oracle;
	struct test_want expect;

	packet_text(&packet, text);
	frame.len = packet.len;
	oracle = oracle_run(&rules->parsed, world, packet.data, packet.len, queue);
	expect = test_want_of(&oracle);
	if (line_of(rules, &oracle) != line || memcmp(&expect, want, sizeof(expect)))
		fail_msg("%s: the oracle says line %d, %s, reasons %s and %s", text,
			 line_of(rules, &oracle), test_xdp_name(oracle.xdp),
			 xs_reason_names[oracle.reason], xs_reason_names[oracle.fallback]);
	check_program(env, rules, &frame, &oracle);
}
