// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Parses one rule: matches, a verdict, a comment; and adds it to the set. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chains.h"
#include "lib/rules/model/field.h"
#include "value.h"
#include "word_hint.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

static bool parse_comment(struct xs_parser *p, struct xs_str *comment)
{
	struct xs_pos pos;

	if (!xs_parse_take_word(p, "comment"))
		return !p->err;
	if (p->tok.type != XS_TOKEN_STRING)
		return xs_parse_expected(p, "a string in double quotes after 'comment'");
	pos = xs_token_pos(&p->tok);
	*comment = xs_token_str(&p->tok);
	if (comment->len > XS_RULE_COMMENT_MAX)
		return xs_parse_error(p, &pos, "the comment has %u bytes: expected at most %u",
				      comment->len, XS_RULE_COMMENT_MAX);
	xs_parse_next(p);
	return xs_parse_put_string(p, *comment);
}

/*
 * counter [packets N bytes N]: every rule counts anyway, from 0, so that it says nothing
 * and does not stand in the canonical text.
 */
static bool parse_counter(struct xs_parser *p)
{
	static const char *const words[] = { "packets", "bytes" };

	xs_parse_next(p);
	for (size_t i = 0; i < CNT(words); i++) {
		__u64 number;

		if (!xs_parse_at_word(p, words[i]))
			return !i || xs_parse_expected(p, "'bytes 0'");
		xs_parse_next(p);
		if (p->tok.type != XS_TOKEN_WORD ||
		    xs_number_parse(p->tok.p, p->tok.len, 0, &number))
			return xs_parse_expected(p, "'%s 0': counters begin at 0", words[i]);
		xs_parse_next(p);
	}
	return true;
}

static size_t bytes_of(const char *text)
{
	return text ? strlen(text) + 1 : 1;
}

/*
 * Copies the parts of the rule into one block: matches, ranges, text, name of the target,
 * comment. The block begins with the matches, and freeing them frees it. That of a chain's
 * rule lies in the arena.
 */
static bool pack_rule(struct xs_parser *p, struct xs_rule *rule, const struct xs_str *comment)
{
	const bool of_chain = p->block.kind == XS_BLOCK_CHAIN;
	size_t matches = (p->match_cnt * sizeof(struct xs_match) + 15) & ~(size_t)15;
	size_t ranges = 0, size, name = bytes_of(rule->target_name);
	struct xs_range *to;
	char *block;

	for (__u32 i = 0; i < p->match_cnt; i++)
		ranges += p->matches[i].range_cnt * sizeof(struct xs_range);
	size = matches + ranges + p->text_len + 1 + name + (comment->p ? comment->len + 1 : 0);
	block = of_chain ? xs_parse_alloc(p, size) : malloc(size);
	if (!block)
		return xs_parse_oom(p);
	rule->matches = (struct xs_match *)(void *)block;
	rule->match_cnt = p->match_cnt;
	to = (struct xs_range *)(void *)(block + matches);
	memcpy(rule->matches, p->matches, p->match_cnt * sizeof(struct xs_match));
	for (__u32 i = 0; i < p->match_cnt; i++) {
		struct xs_match *match = &rule->matches[i];

		if (!match->range_cnt)
			continue;
		match->ranges = to;
		memcpy(to, p->ranges + p->first_range[i], match->range_cnt * sizeof(*to));
		to += match->range_cnt;
	}
	rule->text = block + matches + ranges;
	if (p->text_len) /* a jump of everything has none, and there may be no buffer yet */
		memcpy(rule->text, p->text, p->text_len);
	rule->text[p->text_len] = '\0';
	rule->target_name = memcpy(rule->text + p->text_len + 1,
				   rule->target_name ? rule->target_name : "", name);
	if (comment->p) {
		rule->comment = rule->target_name + name;
		memcpy(rule->comment, comment->p, comment->len);
		rule->comment[comment->len] = '\0';
	}
	return true;
}

/* A rule more of the set, or of the open chain. */
static bool add_rule(struct xs_parser *p, struct xs_rule *rule, const struct xs_str *comment,
		     const struct xs_pos *pos)
{
	struct xs_rule *rules;

	if (!xs_parse_charge(p, sizeof(*rule) + p->text_len, pos))
		return false;
	if (p->block.kind == XS_BLOCK_CHAIN)
		return pack_rule(p, rule, comment) && xs_chain_add(p, rule);
	if (p->set.rule_cnt == XS_RULE_CNT_MAX) {
		xs_parse_error(p, pos, "there are more than %u rules", XS_RULE_CNT_MAX);
		return xs_parse_stop(p);
	}
	if (!xs_parse_count_text(p, pos))
		return false;
	rules = xs_parse_grow(p, p->set.rules, p->set.rule_cnt, &p->rule_cap, sizeof(*rules));
	if (!rules)
		return false;
	p->set.rules = rules;
	if (!pack_rule(p, rule, comment))
		return false;
	rules[p->set.rule_cnt++] = *rule;
	return true;
}

bool xs_parse_add_rule(struct xs_parser *p, const struct xs_rule *rule, const struct xs_pos *pos)
{
	const struct xs_str comment = { rule->comment,
					rule->comment ? (__u32)strlen(rule->comment) : 0 };
	struct xs_rule copy = *rule;

	return add_rule(p, &copy, &comment, pos);
}

/* One rule for each branch, each with its part of the text where the branches stood. */
static bool add_branches(struct xs_parser *p, struct xs_rule *rule, const struct xs_str *comment,
			 const struct xs_pos *pos)
{
	size_t tail_len = p->text_len - p->key_text;
	char *tail = xs_parse_alloc(p, tail_len + 1);
	bool good = tail;

	if (good)
		memcpy(tail, p->text + p->key_text, tail_len);
	for (__u32 b = 0; good && b < p->branch_cnt; b++) {
		const struct xs_branch *branch = &p->branches[b];
		bool blank = tail_len && *tail != ' ';

		for (__u32 i = 0; i < p->key_cnt; i++) {
			p->matches[p->key_at + i].range_cnt = branch->key[i].cnt;
			p->first_range[p->key_at + i] = branch->key[i].first;
		}
		if (p->is_map) {
			p->goal = branch->goal;
			rule->action = branch->action;
			rule->target_name = branch->target_name;
		}
		rule->line = branch->line;
		p->text_len = p->key_text;
		good = xs_parse_put(p, branch->text.p, branch->text.len);
		/* the text of what leads elsewhere has matches alone, and that of a map no more */
		if (good && !(p->is_map && p->goal.flow))
			good = xs_parse_put(p, " ", blank) && xs_parse_put(p, tail, tail_len);
		good = good && add_rule(p, rule, comment, pos);
	}
	return good;
}

/* Reports that neither a match nor a verdict is there, although one must be. */
static bool bad_rule_word(struct xs_parser *p)
{
	const char *verdicts = "a verdict: pass, drop, tx, xsk, cpu, dev or chain";
	enum xs_field last = p->match_cnt ? p->matches[p->match_cnt - 1].field : XS_FIELD_MAX;
	struct xs_word_hint hint = xs_word_hint(&p->tok, last);
	char words[128] = "";

	if (p->match_cnt && !xs_fields[last].bits && p->tok.type == XS_TOKEN_WORD)
		xs_parse_family_words((struct xs_str){ xs_fields[last].text,
						       (__u32)strlen(xs_fields[last].text) },
				      words, sizeof(words));
	if (words[0])
		return xs_parse_expected(p, "%s %s, another match or %s%s", xs_fields[last].text,
					 words, verdicts, hint.s);
	return xs_parse_expected(
		p,
		"%s (ether, vlan, arp, ip, ip6, meta, tcp, udp, sctp, dccp, udplite, th, icmp, "
		"icmpv6, vxlan, geneve, gre) or %s%s",
		p->match_cnt ? "another match" : "a match", verdicts, hint.s);
}

/* The verdict with its limit and its sample, or in a chain where to go on; nothing of that stands in the text. */
static bool parse_goal(struct xs_parser *p, struct xs_rule *rule)
{
	if (xs_chain_at_goal(p))
		return xs_chain_parse_goal(p, &p->goal);
	if (p->tok.type != XS_TOKEN_WORD)
		return bad_rule_word(p);
	return xs_parse_verdict(p, &rule->action, rule->target_name) &&
	       xs_parse_limit(p, rule->action.verdict, &rule->limit) &&
	       xs_parse_sample(p, &rule->sample);
}

/* `name web:`, where it may stand. */
static bool parse_name(struct xs_parser *p, struct xs_pos *named)
{
	if (!xs_parse_rule_name(p, named))
		return false;
	return !named->line || p->block.kind != XS_BLOCK_CHAIN ||
	       xs_parse_error(p, named,
			      "a name is of one rule, "
			      "and a rule of a chain may be written out several times: "
			      "name rules outside of tables");
}

/* The matches before the verdict. */
static bool parse_matches(struct xs_parser *p)
{
	while (p->tok.type == XS_TOKEN_WORD && xs_verdict_of(&p->tok) < 0 && !p->is_map &&
	       !xs_chain_at_goal(p)) {
		__u32 errors = p->errs->cnt;

		if (xs_parse_at_word(p, "counter")) {
			if (!parse_counter(p))
				return false;
			continue;
		}
		if (!xs_is_family(p->tok.p, p->tok.len))
			return bad_rule_word(p);
		if (xs_parse_idiom(p))
			continue;
		if (p->err || p->errs->cnt > errors || !xs_parse_match(p))
			return false;
	}
	return true;
}

bool xs_parse_rule(struct xs_parser *p)
{
	struct xs_pos pos = xs_token_pos(&p->tok), named;
	char target_name[XS_TARGET_NAME_MAX] = "";
	struct xs_rule rule = { .line = p->tok.line, .file = p->file, .target_name = target_name };
	struct xs_str comment = { NULL, 0 };
	size_t text_len;

	if (!parse_name(p, &named) || !parse_matches(p))
		return false;
	if (named.line && p->key_cnt)
		return xs_parse_error(p, &named,
				      "a name is of one rule, "
				      "and a concatenation or vmap becomes several");
	if (!p->is_map && !parse_goal(p, &rule))
		return false;
	text_len = p->text_len;
	if (!parse_comment(p, &comment) ||
	    !xs_parse_end(p, comment.p ? "the end of the line"
				       : "comment or the end of the line: the verdict comes last"))
		return false;
	if (p->goal.flow)
		p->text_len = text_len;
	if (!(p->key_cnt ? add_branches : add_rule)(p, &rule, &comment, &pos))
		return false;
	if (p->block.kind == XS_BLOCK_CHAIN)
		xs_chain_end_statement(p);
	return true;
}
