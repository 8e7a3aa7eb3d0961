// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Chains as rules of the set. What a jump leads to is written out where it stands, each
 * rule with the matches of the jump before its own. A conditional return, or goto, is
 * written out as all that comes behind it, each rule with the return's matches before its
 * own, down to the policy: whatever the matches are, that is exact.
 */
#include <errno.h>
#include <string.h>

#include "chains.h"
#include "lib/rules/model/meaning.h"

struct inlining {
	struct xs_parser *p;
	const struct xs_chain *base;
	const struct xs_goal *at; /* the jump or return at hand, for errors; NULL: none */
	struct xs_arena held; /* meanings of matches that are before a rule's own */
	struct xs_arena own; /* the meaning of one rule */
	__u32 made; /* rules by jumps and returns, with those that cannot hold */
};

/* A chain that is being written out. */
struct call {
	const struct call *caller; /* the one that leads here */
	const struct call *back; /* where it goes on at its end; NULL: at the policy */
	__u32 behind; /* which rule of that */
	__u32 depth;
	struct xs_chain *chain;
};

/* What happens to a frame that a rule's matches hold for. */
enum after {
	GOES_ON, /* behind its statement */
	LEAVES, /* the chain */
	IS_DECIDED,
};

/* How much of a rule there is before a match is added. */
struct mark {
	__u32 match_cnt, range_cnt;
	size_t text_len;
};

static struct mark mark_of(const struct xs_parser *p)
{
	return (struct mark){ p->match_cnt, p->range_cnt, p->text_len };
}

static void cut_back(struct xs_parser *p, const struct mark *mark)
{
	p->match_cnt = mark->match_cnt;
	p->range_cnt = mark->range_cnt;
	p->text_len = mark->text_len;
}

static const struct xs_pos *place(const struct inlining *in)
{
	return in->at ? &in->at->pos : &in->base->pos;
}

static bool add_ranges(struct xs_parser *p, const struct xs_match *match)
{
	struct xs_range *ranges;

	for (__u32 i = 0; i < match->range_cnt; i++) {
		ranges = xs_parse_grow(p, p->ranges, p->range_cnt, &p->range_cap, sizeof(*ranges));
		if (!ranges)
			return false;
		p->ranges = ranges;
		ranges[p->range_cnt++] = match->ranges[i];
	}
	return true;
}

/* Puts the matches and the text of a rule behind those at hand. */
static bool append(struct inlining *in, const struct xs_rule *rule)
{
	struct xs_parser *p = in->p;

	if (p->match_cnt + rule->match_cnt > XS_RULE_MATCH_MAX)
		return xs_parse_error(p, place(in),
				      "by this the rule at line %u gets more than %u matches",
				      rule->line, XS_RULE_MATCH_MAX);
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		p->matches[p->match_cnt] = rule->matches[i];
		p->first_range[p->match_cnt++] = p->range_cnt;
		if (!add_ranges(p, &rule->matches[i]))
			return false;
	}
	return !*rule->text || xs_parse_put_token(p, rule->text, strlen(rule->text));
}

/* What is left of `meaning` with a rule's matches. */
static bool restrict_to(struct inlining *in, struct xs_arena *arena, const struct xs_rule *rule,
			struct xs_meaning *meaning)
{
	for (__u32 i = 0; i < rule->match_cnt && !meaning->never; i++)
		/* -E2BIG: the compiler refuses the rule */
		if (xs_meaning_add(arena, meaning, &rule->matches[i]) == -ENOMEM)
			return xs_parse_oom(in->p);
	return true;
}

/* Whether every frame of that meaning has the field. */
static bool has_header(const struct xs_meaning *meaning, const struct xs_header_info *header)
{
	const struct xs_ranges *proto = &meaning->dim[XS_DIM_l4proto],
			       *type = &meaning->dim[XS_DIM_ether_type],
			       *dport = &meaning->dim[XS_DIM_dport];

	return !(meaning->families & ~header->families) &&
	       meaning->tag_bytes >= header->tag_bytes && meaning->l4_bytes >= header->l4_bytes &&
	       (!header->types.cnt || (type->range && xs_ranges_within(*type, header->types))) &&
	       (!header->dports.cnt ||
		(dport->range && xs_ranges_within(*dport, header->dports))) &&
	       (!header->protos.cnt || (proto->range && xs_ranges_within(*proto, header->protos)));
}

/* Whether the match holds for every frame of that meaning; it may not be found out. */
static bool is_certain_match(struct inlining *in, const struct xs_match *match,
			     const struct xs_meaning *meaning, bool *certain)
{
	const struct xs_field_info *info = &xs_fields[match->field];
	struct xs_ranges ranges = { match->ranges, match->range_cnt };

	*certain = has_header(meaning, info->header);
	if (info->dim == XS_DIM_nothing || !*certain)
		return true;
	*certain = info->dim != XS_DIM_port && !match->set && !match->tuple &&
		   meaning->dim[info->dim].range && ranges.cnt;
	if (!*certain)
		return true;
	if (match->negate && xs_ranges_complement(&in->own, &ranges, xs_ones(info->bits)))
		return xs_parse_oom(in->p);
	*certain = ranges.cnt && xs_ranges_within(meaning->dim[info->dim], ranges);
	return true;
}

/*
 * Whether a rule holds for every frame that gets to it. Copies of rules often ask again
 * what a return before them has asked; without this they would be copied once more.
 */
static bool is_certain(struct inlining *in, const struct xs_rule *rule,
		       const struct xs_meaning *before, bool *certain)
{
	bool good = true;

	*certain = true;
	for (__u32 i = 0; good && *certain && i < rule->match_cnt; i++)
		good = is_certain_match(in, &rule->matches[i], before, certain);
	xs_arena_reset(&in->own);
	return good;
}

/* Whether two rules of a statement can both hold for a frame: elements that overlap. */
static bool can_both_hold(struct inlining *in, const struct xs_rule *one,
			  const struct xs_rule *other, bool *both)
{
	struct xs_meaning meaning = XS_MEANING_ANY;
	bool good = restrict_to(in, &in->own, one, &meaning) &&
		    restrict_to(in, &in->own, other, &meaning);

	*both = !meaning.never;
	xs_arena_reset(&in->own);
	return good;
}

/* What cannot hold by the rule's own matches is kept, once: check warns of it. */
static bool can_hold(struct inlining *in, const struct xs_chain_rule *rule,
		     const struct xs_meaning *before, bool *can)
{
	struct xs_meaning meaning = *before, alone = XS_MEANING_ANY;
	bool good;

	*can = true;
	if (!in->at)
		return true;
	good = restrict_to(in, &in->own, &rule->rule, &meaning);
	if (good && meaning.never && !rule->made) {
		good = restrict_to(in, &in->own, &rule->rule, &alone);
		meaning.never = !alone.never;
	}
	*can = !meaning.never;
	xs_arena_reset(&in->own);
	return good;
}

/* A rule of the set, of those matches that are at hand and its own. */
static bool add_rule(struct inlining *in, struct xs_chain_rule *rule,
		     const struct xs_meaning *before)
{
	struct xs_parser *p = in->p;
	bool can;

	if (!can_hold(in, rule, before, &can))
		return false;
	if (!can)
		return true;
	if (!append(in, &rule->rule) || !xs_parse_add_rule(p, &rule->rule, place(in)))
		return false;
	if (!rule->made++)
		rule->first = p->set.rule_cnt - 1;
	if (rule->made > 1)
		p->set.rules[p->set.rule_cnt - 1].copied = p->set.rules[rule->first].copied = true;
	return true;
}

/* The base chain's policy for what the matches at hand hold for. */
static bool add_policy(struct inlining *in, __u32 file, __u32 line)
{
	const char *policy = in->base->policy;
	struct xs_rule rule = { .file = file, .line = line, .copied = in->at };

	rule.action.verdict = *policy == 'd' ? XS_VERDICT_drop : XS_VERDICT_pass;
	return xs_parse_put_token(in->p, policy, strlen(policy)) &&
	       xs_parse_add_rule(in->p, &rule, place(in));
}

static bool walk(struct inlining *in, const struct call *call, __u32 from,
		 const struct xs_meaning *before, bool *decided);

/* All that comes behind the chain, with the matches at hand before it. */
static bool write_rest(struct inlining *in, const struct call *call,
		       const struct xs_meaning *before)
{
	const struct mark mark = mark_of(in->p);
	bool decided = false, good;

	for (; call->back && !decided; call = call->back)
		if (!walk(in, call->back, call->behind, before, &decided))
			return false;
	good = decided || add_policy(in, in->base->file, in->base->end_line);
	cut_back(in->p, &mark);
	return good;
}

static bool check_call(struct inlining *in, const struct call *call, const struct xs_goal *goal)
{
	const struct call *outer = call;

	do {
		if (outer->chain == goal->chain)
			return xs_parse_error(in->p, &goal->pos,
					      "the chain '%s' leads back to itself",
					      xs_quote_str(goal->name).s);
		outer = outer->caller;
	} while (outer);
	if (call->depth == XS_RULE_JUMP_DEPTH_MAX)
		return xs_parse_error(in->p, &goal->pos,
				      "jumps lead more than %u deep: "
				      "expected fewer chains one below the other",
				      XS_RULE_JUMP_DEPTH_MAX);
	return true;
}

/* What a jump leads to. */
static bool write_chain(struct inlining *in, const struct call *call,
			const struct xs_chain_rule *rule, const struct xs_meaning *before,
			enum after *after)
{
	const bool jump = rule->goal.flow == XS_FLOW_JUMP;
	const struct call inner = { .caller = call,
				    .back = jump ? call : call->back,
				    .behind = jump ? rule->behind : call->behind,
				    .depth = call->depth + 1,
				    .chain = rule->goal.chain };
	bool decided;

	if (!check_call(in, call, &rule->goal) || !walk(in, &inner, 0, before, &decided))
		return false;
	*after = decided ? IS_DECIDED : jump ? GOES_ON : LEAVES;
	return true;
}

/* Whether what a jump comes back with would meet further elements of the same map. */
static bool meets_others(struct inlining *in, const struct xs_chain *chain, __u32 i, bool *meets)
{
	const struct xs_chain_rule *rule = &chain->rules[i];

	*meets = false;
	while (++i < rule->behind && !*meets)
		if (!can_both_hold(in, &rule->rule, &chain->rules[i].rule, meets))
			return false;
	return true;
}

/* After a rule that has matches, for what these hold for; they are at hand. */
static bool write_after(struct inlining *in, const struct call *call, __u32 i,
			const struct xs_meaning *before, enum after after)
{
	const struct call rest = { .back = call, .behind = call->chain->rules[i].behind };
	const struct xs_chain_rule *rule = &call->chain->rules[i];
	bool meets;

	if (after == IS_DECIDED)
		return true;
	if (after == GOES_ON) {
		if (!meets_others(in, call->chain, i, &meets))
			return false;
		return !meets || write_rest(in, &rest, before);
	}
	if (call->back || rule->goal.flow == XS_FLOW_GOTO)
		return write_rest(in, call, before);
	return add_policy(in, rule->rule.file, rule->rule.line);
}

/* A rule that leads somewhere; `certain`: its matches hold anyway. */
static bool follow(struct inlining *in, const struct call *call, __u32 i,
		   const struct xs_meaning *before, bool certain, enum after *after)
{
	const struct xs_chain_rule *rule = &call->chain->rules[i];
	const struct xs_goal *outer = in->at;
	struct xs_meaning meaning = *before;

	in->at = &rule->goal;
	*after = GOES_ON;
	if (!certain &&
	    !(append(in, &rule->rule) && restrict_to(in, &in->held, &rule->rule, &meaning)))
		return false;
	if (!meaning.never) {
		*after = rule->goal.flow == XS_FLOW_RETURN ? LEAVES : GOES_ON;
		if (rule->goal.chain && !write_chain(in, call, rule, &meaning, after))
			return false;
		if (!certain && !write_after(in, call, i, &meaning, *after))
			return false;
	}
	in->at = outer;
	return true;
}

/* Keeps what a small text asks for small, in time as well. */
static bool count_rule(struct inlining *in, const struct xs_rule *rule)
{
	size_t bytes = 0;

	if (!in->at)
		return true;
	for (__u32 i = 0; i < rule->match_cnt; i++)
		bytes += rule->matches[i].range_cnt * sizeof(struct xs_range);
	if (in->made++ < XS_RULE_INLINE_MAX)
		return xs_parse_charge(in->p, bytes, &in->at->pos);
	xs_parse_error(in->p, &in->at->pos,
		       "jumps and returns make more than %u rules up to this one: "
		       "expected fewer returns, or a chain written out",
		       XS_RULE_INLINE_MAX);
	return xs_parse_stop(in->p);
}

/*
 * Writes out the rules of the chain from one on, with the matches at hand before each.
 * *decided: no frame gets past them. The matches are those of before the call again.
 */
static bool walk(struct inlining *in, const struct call *call, __u32 from,
		 const struct xs_meaning *before, bool *decided)
{
	const struct mark mark = mark_of(in->p);

	*decided = false;
	for (__u32 i = from; i < call->chain->cnt; i++) {
		struct xs_chain_rule *rule = &call->chain->rules[i];
		const bool leads = rule->goal.flow != XS_FLOW_VERDICT;
		enum after after = IS_DECIDED;
		bool certain;

		if (!count_rule(in, &rule->rule) ||
		    !is_certain(in, &rule->rule, before, &certain) ||
		    !(leads ? follow(in, call, i, before, certain, &after)
			    : add_rule(in, rule, before)))
			return false;
		cut_back(in->p, &mark);
		if (!certain)
			continue;
		if (after == GOES_ON) {
			i = rule->behind - 1;
			continue;
		}
		*decided |= after == IS_DECIDED;
		/* what is below gets no frame; below a verdict that is written so, check warns */
		if (leads || in->at)
			break;
	}
	return true;
}

/* The matches of the table's family, which are before all rules. */
static bool begin(struct inlining *in, struct xs_meaning *meaning)
{
	struct xs_parser *p = in->p;

	p->match_cnt = p->range_cnt = p->key_cnt = 0;
	p->text_len = 0;
	if (!xs_parse_meant(p, p->block.implied))
		return false;
	for (__u32 i = 0; i < p->match_cnt; i++) {
		struct xs_match match = p->matches[i];

		match.ranges = xs_arena_get(&in->held, match.range_cnt * sizeof(struct xs_range));
		if (!match.ranges)
			return xs_parse_oom(p);
		memcpy(match.ranges, p->ranges + p->first_range[i],
		       match.range_cnt * sizeof(struct xs_range));
		if (xs_meaning_add(&in->held, meaning, &match))
			return xs_parse_oom(p);
	}
	return true;
}

bool xs_chain_inline(struct xs_parser *p, struct xs_chain *base)
{
	struct inlining in = { .p = p, .base = base };
	const struct call call = { .chain = base };
	struct xs_meaning meaning = XS_MEANING_ANY;
	bool decided, good;

	good = begin(&in, &meaning) && walk(&in, &call, 0, &meaning, &decided) &&
	       (decided || !*p->block.implied || add_policy(&in, base->file, base->end_line));
	xs_arena_free(&in.held);
	xs_arena_free(&in.own);
	return good;
}
