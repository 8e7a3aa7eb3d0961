// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * nft's chains mean what an interpreter makes of them that calls and leaves them: random
 * ones, whose rules are written out by the parser, decide each frame at the same line.
 * Needs no kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../oracle.h"
#include "../random_rules.h"
#include "../rule_errors.h"
#include "../test.h"

#define SETS 3000
#define FRAMES 40
#define CHAINS 5 /* the last one is the base chain */
#define RULES_MAX 6

static const __u32 cpus[] = { 0, 1 };
static const struct random_targets targets = {
	.slot_max = 3, .cpus = cpus, .cpu_cnt = 2, .queue_cnt = 4
};

enum flow { VERDICT, JUMP, GOTO, RETURN, CONTINUE };

struct rule {
	const struct xs_rule *matches; /* NULL: it has none */
	enum flow flow;
	int chain; /* that it leads to */
	enum xs_verdict verdict;
	__u32 line;
	int map; /* elements of one verdict map have the same number; 0: no element */
};

struct chain {
	struct rule rules[RULES_MAX];
	int cnt;
};

struct world {
	struct random_set set;
	struct chain chains[CHAINS];
	const char *family;
	enum xs_verdict policy;
	__u32 line, used;
	FILE *out;
};

/* ---- what chains mean ---- */

static bool holds(const struct world *w, const struct xs_rule *rule,
		  const struct random_frame *frame)
{
	struct xs_ruleset one = w->set.rules;

	one.rules = (struct xs_rule *)(uintptr_t)rule;
	one.rule_cnt = 1;
	return oracle_run(&one, NULL, frame->packet.data, frame->packet.len, frame->queue).rule ==
	       0;
}

/* The rule that decides; NULL: the chain is left. */
static const struct rule *run_chain(const struct world *w, int chain,
				    const struct random_frame *frame)
{
	for (int i = 0; i < w->chains[chain].cnt; i++) {
		const struct rule *rule = &w->chains[chain].rules[i], *decides;

		if (rule->matches && !holds(w, rule->matches, frame))
			continue;
		if (rule->flow == VERDICT)
			return rule;
		if (rule->flow == RETURN)
			return NULL;
		if (rule->flow == GOTO)
			return run_chain(w, rule->chain, frame);
		decides = rule->flow == JUMP ? run_chain(w, rule->chain, frame) : NULL;
		if (decides)
			return decides;
		/* the map has had its one element */
		while (rule->map && i + 1 < w->chains[chain].cnt && rule[1].map == rule->map)
			rule++, i++;
	}
	return NULL;
}

static bool has_family(const struct world *w, const struct random_frame *frame)
{
	struct xs_range types[] = { { 0x800, 0x800 }, { 0x86dd, 0x86dd } };
	struct xs_match match = { .field = XS_FIELD_ether_type,
				  .ranges = types,
				  .range_cnt = !strcmp(w->family, "inet") ? 2 : 1 };
	const struct xs_rule rule = { .matches = &match, .match_cnt = 1 };

	if (!strcmp(w->family, "ip6"))
		match.ranges++;
	return !strcmp(w->family, "netdev") || holds(w, &rule, frame);
}

/* ---- random ones, as text ---- */

/* The rule's text up to its verdict, which no match has a word of. */
static int matches_len(const char *text)
{
	static const char *const verdicts[] = { "pass", "accept", "drop", "tx",
						"xsk",	"cpu",	  "dev",  "chain" };
	const char *word = text;

	for (; *word; word += strcspn(word, " "), word += *word == ' ')
		for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
			if (strcspn(word, " ;") == strlen(verdicts[i]) &&
			    !strncmp(word, verdicts[i], strlen(verdicts[i])))
				return (int)(word - text);
	fail_msg("no verdict in: %s", text);
	return 0;
}

static void make_flow(struct rng *rng, struct rule *rule, int chain)
{
	rule->flow = chain || rng_below(rng, 3) ? (enum flow)rng_below(rng, CONTINUE + 1) : VERDICT;
	/* to one below it by number, so that none leads back to itself */
	if ((rule->flow == JUMP || rule->flow == GOTO) && !chain)
		rule->flow = VERDICT;
	rule->chain = chain ? (int)rng_below(rng, (__u32)chain) : 0;
	rule->verdict = rng_below(rng, 2) ? XS_VERDICT_drop : XS_VERDICT_pass;
}

static void say_flow(struct world *w, const struct rule *rule)
{
	static const char *const words[] = { "", "jump", "goto", "return", "continue" };

	if (rule->flow == VERDICT)
		fputs(rule->verdict == XS_VERDICT_drop ? "drop" : "accept", w->out);
	else
		fputs(words[rule->flow], w->out);
	if (rule->flow == JUMP || rule->flow == GOTO)
		fprintf(w->out, " c%d", rule->chain);
}

static void end_line(struct world *w)
{
	fputc('\n', w->out);
	w->line++;
}

/* Matches that hold for many frames, so that few go straight to the policy. */
static struct xs_range ranges[][1] = { { { 0, 64 } }, { { 32, 128 } }, { { 0, 255 } },
				       { { 0, 1 } },  { { 1, 2 } },    { { 0, 70 } } };
static struct xs_match wide_matches[] = {
	{ .field = XS_FIELD_ip_ttl, .range_cnt = 1, .ranges = ranges[0] },
	{ .field = XS_FIELD_ip_ttl, .range_cnt = 1, .ranges = ranges[1] },
	{ .field = XS_FIELD_ip_ttl, .range_cnt = 1, .ranges = ranges[2] },
	{ .field = XS_FIELD_meta_rxqueue, .range_cnt = 1, .ranges = ranges[3] },
	{ .field = XS_FIELD_meta_rxqueue, .range_cnt = 1, .ranges = ranges[4] },
	{ .field = XS_FIELD_meta_length, .range_cnt = 1, .ranges = ranges[5] },
};
#define WIDE 6
#define TEXT(words) (char *)(uintptr_t)(words)
static const struct xs_rule wide[WIDE] = {
	{ .matches = &wide_matches[0], .match_cnt = 1, .text = TEXT("ip ttl 0-64 drop") },
	{ .matches = &wide_matches[1], .match_cnt = 1, .text = TEXT("ip ttl 32-128 drop") },
	{ .matches = &wide_matches[2], .match_cnt = 1, .text = TEXT("ip ttl 0-255 drop") },
	{ .matches = &wide_matches[3], .match_cnt = 1, .text = TEXT("meta rxqueue 0-1 drop") },
	{ .matches = &wide_matches[4], .match_cnt = 1, .text = TEXT("meta rxqueue 1-2 drop") },
	{ .matches = &wide_matches[5], .match_cnt = 1, .text = TEXT("meta length 0-70 drop") },
};

static void make_rule(struct world *w, struct rng *rng, struct chain *chain, int number)
{
	struct rule *rule = &chain->rules[chain->cnt++];

	*rule = (struct rule){ .line = w->line };
	if (rng_below(rng, 3))
		rule->matches = &wide[rng_below(rng, WIDE)];
	else if (rng_below(rng, 6))
		rule->matches = &w->set.rules.rules[w->used++ % w->set.rules.rule_cnt];
	make_flow(rng, rule, number);
	if (rule->matches)
		fprintf(w->out, "%.*s", matches_len(rule->matches->text), rule->matches->text);
	say_flow(w, rule);
	end_line(w);
}

/* ip ttl vmap { 0-64 : ..., 32-128 : ..., * : ... }: elements that overlap. */
static void make_map(struct world *w, struct rng *rng, struct chain *chain, int number)
{
	static const char *const keys[] = { "0-64", "32-128", "*" };

	fputs("ip ttl vmap { ", w->out);
	for (int i = 0; i < 3; i++) {
		struct rule *rule = &chain->rules[chain->cnt++];

		*rule = (struct rule){ .matches = &wide[i],
				       .line = w->line,
				       .map = 1 + chain->cnt - i };
		make_flow(rng, rule, number);
		fprintf(w->out, "%s%s : ", i ? ", " : "", keys[i]);
		say_flow(w, rule);
	}
	fputs(" }", w->out);
	end_line(w);
}

static void make_chain(struct world *w, struct rng *rng, int number)
{
	struct chain *chain = &w->chains[number];

	chain->cnt = 0;
	fprintf(w->out, "chain c%d {", number);
	if (number == CHAINS - 1)
		fprintf(w->out, " type filter hook input priority 0; policy %s;",
			w->policy == XS_VERDICT_drop ? "drop" : "accept");
	end_line(w);
	for (__u32 left = rng_below(rng, RULES_MAX + 1); left;) {
		if (left >= 3 && !rng_below(rng, 6)) {
			make_map(w, rng, chain, number);
			left -= 3;
		} else {
			make_rule(w, rng, chain, number);
			left--;
		}
	}
	fputc('}', w->out);
	end_line(w);
}

static char *make_text(struct world *w, struct rng *rng)
{
	static const char *const families[] = { "netdev", "inet", "ip", "ip6" };
	const bool backwards = rng_below(rng, 2);
	size_t len;
	char *text;

	w->out = open_memstream(&text, &len);
	assert_non_null(w->out);
	w->family = families[rng_below(rng, 4)];
	w->policy = rng_below(rng, 2) ? XS_VERDICT_drop : XS_VERDICT_pass;
	w->line = 1 + w->set.define_cnt;
	w->used = rng_below(rng, 100);
	if (w->set.defines)
		fputs(w->set.defines, w->out);
	fprintf(w->out, "table %s t {", w->family);
	end_line(w);
	for (int i = 0; i < CHAINS; i++)
		make_chain(w, rng, backwards ? CHAINS - 1 - i : i);
	fputs("}\n", w->out);
	fclose(w->out);
	return text;
}

/* ---- both, compared ---- */

/* 0; or -EINVAL, where the chains make more than a rule or the set may hold. */
static int parse(struct xs_ruleset *out, const char *text)
{
	struct xs_rule_source source = { .name = "-", .text = text, .len = strlen(text) };
	struct xs_rule_errors errs = { 0 };
	int err = xs_rules_parse(out, &source, &errs);

	if (err && !strstr(errs.errors[0].message, "more than 64 matches") &&
	    !strstr(errs.errors[0].message, "make more than")) {
		fprintf(stderr, "%s", text);
		xs_rule_errors_print(stderr, &errs);
		fail();
	}
	xs_rule_errors_free(&errs);
	return err;
}

/* Whether the frame reached a rule of the chains. */
static bool compare(const struct world *w, const struct xs_ruleset *got, const char *text,
		    const struct random_frame *frame)
{
	const struct oracle_result result =
		oracle_run(got, NULL, frame->packet.data, frame->packet.len, frame->queue);
	__u32 line = result.rule < 0 ? 0 : got->rules[result.rule].line;
	const struct rule *want = NULL;
	enum xs_verdict verdict = w->policy;

	if (result.rule < 0 && result.reason != XS_REASON_default)
		return false;
	if (!has_family(w, frame)) {
		assert_int_equal(result.rule, -1);
		return false;
	}
	want = run_chain(w, CHAINS - 1, frame);
	verdict = want ? want->verdict : w->policy;
	if (result.verdict == verdict && (!want || line == want->line))
		return want;
	fprintf(stderr, "%s", text);
	test_hexdump("frame", frame->packet.data, frame->packet.len);
	fail_msg("line %u, verdict %d; expected %u, %d", line, result.verdict,
		 want ? want->line : 0, verdict);
	return false;
}

static void chains_decide_where_an_interpreter_does(void **state)
{
	static struct random_frame frame;
	static struct world w;
	__u32 decided = 0, refused = 0;

	(void)state;
	for (__u64 seed = 1; seed <= SETS; seed++) {
		struct rng rng = { .state = seed };
		struct xs_ruleset got;
		char *text;

		random_set_make(&w.set, &rng, &targets, 12);
		text = make_text(&w, &rng);
		if (parse(&got, text)) {
			refused++;
		} else {
			for (int i = 0; i < FRAMES; i++) {
				random_frame_make(&frame, &rng, &w.set);
				decided += compare(&w, &got, text, &frame);
			}
			xs_ruleset_free(&got);
		}
		free(text);
		random_set_free(&w.set);
	}
	print_message("%u frames decided by a rule, %u sets refused\n", decided, refused);
	assert_true(decided > SETS * FRAMES / 20);
	assert_true(refused < SETS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_decide_where_an_interpreter_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
