// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Chain files: what they become, and where their errors point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

#include <cmocka.h>

#include "lib/chains/text.h"

static struct xs_chains chains;
static struct xs_chain_findings findings;

/* Parses a text in memory that ends where the text ends. */
static int parse(const char *text)
{
	size_t len = strlen(text);
	char *exact = malloc(len ? len : 1);
	int err;

	memcpy(exact, text, len);
	err = xs_chains_parse(&chains, exact, len, &findings);
	free(exact);
	return err;
}

static const struct xs_step *step(const char *chain, const char *service)
{
	const struct xs_chain *c = &chains.chains[xs_chains_chain(&chains, chain)];

	return &c->steps[xs_chain_step_of(c, (__u32)xs_chains_service(&chains, service))];
}

static void everything_is_understood(void **state)
{
	const struct xs_service *s;

	(void)state;
	assert_int_equal(parse("# a comment\n"
			       "service fw instances 3 ring 64\n"
			       "service nat sticky ip saddr\n"
			       "service ids readonly sticky flow\n"
			       "service rec tap\n"
			       "service ext domain guests sticky ip daddr\n"
			       "chain web fw nat -> ids tx\n"
			       "chain web fw.reject->ext ids # joins the way\n"
			       "chain web mirror rec after fw\n"
			       "chain web mirror rec\n"
			       "chain none drop\n"
			       "chain dns \\\n  fw tx\n"
			       "on fw.reject drop\n"
			       "on fw dead bypass\n"
			       "on nat dead hold 2s\n"
			       "on ids full bypass\n"
			       "limit web frames 2048\n"),
			 0);
	assert_int_equal(findings.cnt, 0);
	assert_int_equal(chains.service_cnt, 5);
	s = chains.services;
	assert_int_equal(s[0].instances, 3);
	assert_int_equal(s[0].ring, 64);
	assert_int_equal(s[0].on_dead, XS_INSTEAD_bypass);
	assert_int_equal(s[1].sticky, XS_STICKY_saddr);
	assert_int_equal(s[1].instances, XS_INSTANCES_MAX);
	assert_int_equal(s[1].on_dead, XS_INSTEAD_hold);
	assert_int_equal(s[1].hold_ms, 2000);
	assert_int_equal(s[1].on_full, XS_INSTEAD_hold);
	assert_true(s[2].readonly);
	assert_int_equal(s[2].on_dead, XS_INSTEAD_drop);
	assert_int_equal(s[2].on_full, XS_INSTEAD_bypass);
	assert_true(s[3].tap);
	assert_string_equal(s[4].domain, "guests");
	assert_int_equal(chains.chain_cnt, 3);
	assert_int_equal(chains.chains[0].limit, 2048);
	assert_int_equal(chains.chains[0].step_cnt, 4);
	assert_int_equal(step("web", "fw")->next, 1);
	assert_int_equal(step("web", "nat")->next, 2);
	assert_int_equal(step("web", "ids")->next, XS_TO_tx);
	assert_int_equal(step("web", "fw")->exits[0], 3);
	assert_int_equal(step("web", "ext")->next, 2);
	assert_int_equal(chains.chains[0].taps[0].after, 0);
	assert_int_equal(chains.chains[0].taps[1].after, -1);
	assert_int_equal(chains.chains[1].first, XS_TO_drop);
	/* 'on' is for all chains that do not say it themselves */
	assert_int_equal(step("dns", "fw")->exits[0], XS_TO_drop);
}

static void cost_is_that_of_the_longest_way(void **state)
{
	struct xs_chain_cost cost;

	(void)state;
	assert_int_equal(parse("service a\nservice b domain x\nservice c\nservice t tap\n"
			       "chain one a tx\nchain one a.out -> b -> c tx\n"
			       "chain one mirror t after c\nchain one mirror t\nchain zero tx\n"),
			 0);
	cost = xs_chain_cost(&chains, &chains.chains[0]);
	assert_int_equal(cost.steps, 3);
	assert_int_equal(cost.handoffs, 6);
	assert_int_equal(cost.copies, 4);
	cost = xs_chain_cost(&chains, &chains.chains[1]);
	assert_int_equal(cost.steps, 0);
}

static void many_ways_cost_no_time(void **state)
{
	char text[65536] = "";
	char *p = text;

	(void)state;
	for (int i = 0; i < 16; i++)
		p += sprintf(p, "service s%d\n", i);
	p += sprintf(p, "chain c");
	for (int i = 0; i < 16; i++)
		p += sprintf(p, " s%d", i);
	p += sprintf(p, " tx\n");
	for (int i = 0; i < 15; i++)
		for (int k = 0; k < 16; k++)
			p += sprintf(p, "chain c s%d.x%d s%d\n", i, k, i + 1);
	assert_int_equal(parse(text), 0);
	assert_int_equal(xs_chain_cost(&chains, &chains.chains[0]).steps, 16);
}

static void errors_are_where_they_are(void **state)
{
	static const struct {
		const char *text;
		__u32 line, column;
		const char *says;
	} rows[] = {
		{ "", 1, 1, "there is no chain" },
		{ "servce fw\n", 1, 1, "found 'servce': expected service, chain, on or limit" },
		{ "service\n", 1, 8, "the line ends here: expected the name of a service" },
		{ "service 9\n", 1, 9, "'9' is not the name of a service" },
		{ "service a-\n", 1, 9, "'a-' is not the name" },
		{ "service abcdefghijabcdefghijabcdefghijab\n", 1, 9, "at most 31" },
		{ "service tx\n", 1, 9, "is a keyword of chains" },
		{ "service a\nservice a\n", 2, 9, "declared above already" },
		{ "service a ring 65\n", 1, 16, "a power of two: 64 or 128" },
		{ "service a ring 32\n", 1, 16, "a number from 64 to 32768" },
		{ "service a instances 0\n", 1, 21, "a number from 1 to 64" },
		{ "service a sticky ip\n", 1, 20, "expected 'saddr' or 'daddr'" },
		{ "service a tap readonly\n", 1, 9, "a tap gets copies" },
		{ "service a domain x readonly\n", 1, 9, "leave out readonly or domain" },
		{ "service a $x\n", 1, 11, "found 'x'" },
		{ "service a ?\n", 1, 11, "no meaning here" },
		{ "chain web fw tx\n", 1, 11, "there is no service 'fw' above" },
		{ "service fw\nchain web fw\n", 2, 13, "the line ends here: expected a service" },
		{ "service fw\nchain web fw ->\n", 2, 16, "the line ends here" },
		{ "service fw\nchain web fw -> -> tx\n", 2, 17, "found '->'" },
		{ "service fw\nchain web fw tx fw\n", 2, 17, "expected the end of the line" },
		{ "service fw\nchain web fw fw tx\n", 2, 14, "meets fw twice" },
		{ "service fw\nchain web fw tx\nchain web fw tx\n", 3, 7, "has its way above" },
		{ "service t tap\nchain web t tx\n", 2, 11, "is a tap" },
		{ "service fw\nchain web fw tx\nchain web mirror fw\n", 3, 18, "is no tap" },
		{ "service fw\nchain web fw tx\nchain web nat.x tx\n", 3, 11,
		  "there is no service 'nat'" },
		{ "service fw\nservice b\nchain web fw tx\nchain web b.x tx\n", 4, 11,
		  "does not meet b" },
		{ "service a\nservice b\nchain w a b tx\nchain w b.x -> a\n", 4, 9,
		  "would come back to b" },
		{ "service a\nchain w a tx\nchain w a.x tx\nchain w a.x drop\n", 4, 9,
		  "says above where a.x leads" },
		{ "chain web.x tx\n", 1, 7, "'web.x' is not the name of a chain" },
		{ "on fw dead drop\n", 1, 4, "there is no service" },
		{ "service t tap\non t dead drop\n", 2, 4, "no frame waits for it" },
		{ "service a\non a gone drop\n", 2, 6, "expected dead or full" },
		{ "service a\non a dead stop\n", 2, 11, "expected hold, drop or bypass" },
		{ "service a\non a dead hold\n", 2, 15, "expected a time" },
		{ "service a\non a dead hold 2\n", 2, 16, "expected a time" },
		{ "service a\non a dead hold 3601s\n", 2, 16, "at most an hour" },
		{ "service a\non a.x pass\n", 2, 8, "expected drop or tx" },
		{ "limit web frames 1\n", 1, 7, "there is no chain 'web'" },
		{ "chain w tx\nlimit w frames 0\n", 2, 16, "a number from 1" },
		{ "chain w tx\nlimit w 5\n", 2, 9, "expected 'frames'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct xs_chain_finding *first = &findings.findings[0];

		assert_int_equal(parse(rows[i].text), -EINVAL);
		assert_true(findings.cnt > 0);
		assert_false(first->warning);
		if (!strstr(first->message, rows[i].says) || first->line != rows[i].line ||
		    first->column != rows[i].column)
			fail_msg("%s gives %u:%u: %s, not %u:%u: %s", rows[i].text, first->line,
				 first->column, first->message, rows[i].line, rows[i].column,
				 rows[i].says);
		assert_true(first->caret <= strlen(first->source));
	}
}

static void every_line_with_an_error_is_told(void **state)
{
	char text[8192] = "";

	(void)state;
	assert_int_equal(parse("service a b\nchain c tx\non x dead drop\n"), -EINVAL);
	assert_int_equal(findings.cnt, 2);
	assert_int_equal(findings.findings[1].line, 3);
	for (int i = 0; i < 60; i++)
		strcat(text, "nonsense\n");
	assert_int_equal(parse(text), -EINVAL);
	assert_int_equal(findings.cnt, XS_CHAIN_FINDINGS_MAX);
	assert_true(findings.more);
}

static void limits_are_errors_not_overruns(void **state)
{
	char text[65536] = "";
	char *p;

	(void)state;
	p = text;
	for (int i = 0; i < 65; i++)
		p += sprintf(p, "service s%d\n", i);
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(findings.findings[0].message, "more than 64 services"));
	p = text;
	for (int i = 0; i < 65; i++)
		p += sprintf(p, "chain s%d tx\n", i);
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(findings.findings[0].message, "more than 64 chains"));
	p = text;
	for (int i = 0; i < 17; i++)
		p += sprintf(p, "service s%d\n", i);
	p += sprintf(p, "chain c");
	for (int i = 0; i < 17; i++)
		p += sprintf(p, " s%d", i);
	sprintf(p, " tx\n");
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(findings.findings[0].message, "more than 16 steps"));
	p = text + sprintf(text, "service a\nchain c a tx\n");
	for (int i = 0; i < 17; i++)
		p += sprintf(p, "on a.x%d drop\n", i);
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(findings.findings[0].message, "more than 16 exits"));
	p = text + sprintf(text, "service t tap\nchain c tx\n");
	for (int i = 0; i < 9; i++)
		p += sprintf(p, "chain c mirror t\n");
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(findings.findings[0].message, "more than 8 taps"));
}

static void an_unused_service_is_a_warning(void **state)
{
	(void)state;
	assert_int_equal(parse("service a\n  service b\nchain c a tx\n"), 0);
	assert_int_equal(findings.cnt, 1);
	assert_true(findings.findings[0].warning);
	assert_int_equal(findings.findings[0].line, 2);
	assert_string_equal(findings.findings[0].message, "service b is in no chain");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_understood),
		cmocka_unit_test(cost_is_that_of_the_longest_way),
		cmocka_unit_test(many_ways_cost_no_time),
		cmocka_unit_test(errors_are_where_they_are),
		cmocka_unit_test(every_line_with_an_error_is_told),
		cmocka_unit_test(limits_are_errors_not_overruns),
		cmocka_unit_test(an_unused_service_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
