// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The verdicts that need no target: pass, drop, and tx, which sends the frame back. */
#include <stdio.h>

#include "../rule_rows.h"

struct verdict {
	const char *word;
	const char *other; /* a verdict with another result */
	int xdp;
	enum xs_verdict counted;
};

static const struct verdict pass = { "pass", "drop", XDP_PASS, XS_VERDICT_pass };
static const struct verdict drop = { "drop", "pass", XDP_DROP, XS_VERDICT_drop };
static const struct verdict tx = { "tx", "drop", XDP_TX, XS_VERDICT_tx };
static const struct verdict *const verdicts[] = { &pass, &drop, &tx };

#define FOR_EACH_VERDICT(v) \
	for (const struct verdict *const *at = verdicts, *v; \
	     at < verdicts + sizeof(verdicts) / sizeof(*verdicts) && (v = *at); at++)

static struct test_want want(const struct verdict *v, enum xs_reason reason)
{
	return (struct test_want){ v->xdp, v->counted, reason, XS_REASON_none };
}

/* `format` has %1$s for the verdict, %2$s for the other one. */
#define APPLY(env, rules, v, format) \
	do { \
		char text_[256]; \
\
		snprintf(text_, sizeof(text_), format, (v)->word, (v)->other); \
		rule_apply(env, rules, text_); \
	} while (0)

static void every_kind_of_frame(void **state)
{
	static const char *const frames[] = {
		"data=46",	    "arp",
		"vlan qinq arp",    "ip udp data=9",
		"ip icmp",	    "ip6 tcp data=9",
		"ip6 hopopt sctp",  "ip offset=3 data=100",
		"ip tcp data=1400",
	};
	struct test_env *env = test_env(state);
	struct test_rules rules;

	FOR_EACH_VERDICT(v)
	{
		struct test_want ruled = want(v, XS_REASON_none);

		APPLY(env, &rules, v, "ip6 daddr ::1 %2$s\n%1$s");
		for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
			rule_check(env, &rules, NULL, frames[i], env->has_ctx ? i % TEST_QUEUES : 0,
				   2, &ruled);
		test_rules_close(&rules);
	}
}

static void frame_of_several_buffers(void **state)
{
	struct test_env *env = test_env(state);
	struct test_rules rules;

	if (!env->has_frags)
		test_skip("no frames of several buffers (Linux 5.18)");
	FOR_EACH_VERDICT(v)
	{
		struct test_want ruled = want(v, XS_REASON_none);

		APPLY(env, &rules, v, "udp dport 53 %1$s\ndefault %2$s");
		rule_check(env, &rules, NULL, "ip udp data=9000", 0, 1, &ruled);
		test_rules_close(&rules);
	}
}

static void as_default_for_what_no_rule_decides(void **state)
{
	struct test_env *env = test_env(state);
	struct test_rules rules;

	FOR_EACH_VERDICT(v)
	{
		struct test_want by_default = want(v, XS_REASON_default);
		struct test_want ruled = want(v == &drop ? &pass : &drop, XS_REASON_none);

		APPLY(env, &rules, v, "default %1$s\nudp %2$s");
		rule_check(env, &rules, NULL, "ip tcp data=30", 0, 0, &by_default);
		rule_check(env, &rules, NULL, "ip udp data=30", 0, 2, &ruled);
		test_rules_close(&rules);
	}
}

/* `malformed` takes only pass and drop. */
static void as_malformed(void **state)
{
	struct test_env *env = test_env(state);
	struct test_rules rules;

	FOR_EACH_VERDICT(v)
	{
		struct test_want bad = want(v, XS_REASON_malformed_ipv4);

		if (v == &tx)
			continue;
		APPLY(env, &rules, v, "malformed %1$s\nether type ip %2$s");
		rule_check(env, &rules, NULL, "ip version=7 data=30", 0, RULE_MALFORMED, &bad);
		test_rules_close(&rules);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_frame),
		cmocka_unit_test(frame_of_several_buffers),
		cmocka_unit_test(as_default_for_what_no_rule_decides),
		cmocka_unit_test(as_malformed),
	};

	return cmocka_run_group_tests_name("verdict_plain", tests, test_open, test_close);
}
