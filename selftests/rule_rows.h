/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Tests of rules as tables: a rule file, a frame, and the line that decides it. Each row
 * is compared with the oracle and with the real program.
 */
#ifndef SELFTESTS_RULE_ROWS_H
#define SELFTESTS_RULE_ROWS_H

#include "oracle.h"
#include "test.h"
#include "test_rules.h"

#define RULE_DEFAULT 0 /* no rule holds */
#define RULE_MALFORMED -1 /* none is asked */

struct rule_row {
	const char *rules; /* NULL: those of the row above */
	const char *frame; /* as packet_text() reads it */
	int line; /* 1-based, that decides; or RULE_DEFAULT, RULE_MALFORMED */
	enum xs_reason reason; /* where malformed */
	__u32 queue;
};

/* Rules with a first frame; a further frame; a frame on a queue; a malformed frame, and why. */
#define RULE_ROW(rules_, frame_, line_) \
	{ \
		rules_, frame_, line_, XS_REASON_none, 0 \
	}
#define RULE_FRAME(frame_, line_) \
	{ \
		NULL, frame_, line_, XS_REASON_none, 0 \
	}
#define RULE_QUEUE(frame_, line_, queue_) \
	{ \
		NULL, frame_, line_, XS_REASON_none, queue_ \
	}
#define RULE_BAD(frame_, name) \
	{ \
		NULL, frame_, RULE_MALFORMED, XS_REASON_malformed_##name, 0 \
	}

/* Fails the test at the first row with another result. */
void rule_rows_run(void **state, const struct rule_row *rows, size_t cnt);

/*
 * Checks one frame with rules that are in force: `line` decides it, and `want` is the
 * result, worked out by hand. `world` says which targets accept frames (NULL: none).
 */
void rule_check(struct test_env *env, struct test_rules *rules, const struct oracle_world *world,
		const char *text, __u32 queue, int line, const struct test_want *want);

/* As test_rules_open(), but fails the test with the reason. */
void rule_apply(struct test_env *env, struct test_rules *rules, const char *text);

#define RULE_ROWS_RUN(state, rows) rule_rows_run(state, rows, sizeof(rows) / sizeof((rows)[0]))

#endif
