// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rule sets compared, word by word and number by number. */
#include "rule_equal.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_action(const struct xs_action *a, const struct xs_action *b)
{
	return a->verdict == b->verdict && a->otherwise == b->otherwise &&
	       a->own_slot == b->own_slot && a->target == b->target;
}

static bool same_limit(const struct xs_limit *a, const struct xs_limit *b)
{
	return a->rate == b->rate && a->per_ns == b->per_ns && a->burst == b->burst &&
	       a->by_bytes == b->by_bytes && a->otherwise == b->otherwise && a->per == b->per &&
	       a->prefix == b->prefix && a->size == b->size;
}

static bool same_match(const struct xs_match *a, const struct xs_match *b)
{
	if (a->set != b->set || a->tuple != b->tuple || a->set_number != b->set_number ||
	    a->field != b->field || a->negate != b->negate || a->range_cnt != b->range_cnt)
		return false;
	for (__u32 i = 0; i < a->range_cnt; i++)
		if (a->ranges[i].lo != b->ranges[i].lo || a->ranges[i].hi != b->ranges[i].hi)
			return false;
	return true;
}

static bool same_rule(const struct xs_rule *a, const struct xs_rule *b)
{
	if (a->match_cnt != b->match_cnt || !same_action(&a->action, &b->action) ||
	    !same_limit(&a->limit, &b->limit) || a->sample != b->sample ||
	    !same_text(a->target_name, b->target_name) || !same_text(a->text, b->text) ||
	    !same_text(a->comment, b->comment))
		return false;
	for (__u32 i = 0; i < a->match_cnt; i++)
		if (!same_match(&a->matches[i], &b->matches[i]))
			return false;
	return true;
}

static bool same_set(const struct xs_dynamic_set *a, const struct xs_dynamic_set *b)
{
	if (strcmp(a->name, b->name) || a->family != b->family || a->number != b->number ||
	    a->size != b->size || a->timeout_ns != b->timeout_ns ||
	    a->element_cnt != b->element_cnt)
		return false;
	for (__u32 i = 0; i < a->element_cnt; i++)
		if (a->elements[i].addr != b->elements[i].addr ||
		    a->elements[i].prefixlen != b->elements[i].prefixlen ||
		    a->elements[i].timeout_ns != b->elements[i].timeout_ns)
			return false;
	return true;
}

bool rulesets_equal(const struct xs_ruleset *a, const struct xs_ruleset *b)
{
	if (a->set_cnt != b->set_cnt)
		return false;
	for (__u32 i = 0; i < a->set_cnt; i++)
		if (!same_set(&a->sets[i], &b->sets[i]))
			return false;
	if (a->spread_cnt != b->spread_cnt ||
	    (a->spread_cnt && memcmp(a->spreads, b->spreads, a->spread_cnt * sizeof(*a->spreads))))
		return false;
	if (a->rule_cnt != b->rule_cnt || !same_action(&a->default_action, &b->default_action) ||
	    !same_action(&a->malformed_action, &b->malformed_action) ||
	    strcmp(a->default_target_name, b->default_target_name) ||
	    !same_text(a->default_text, b->default_text) ||
	    !same_text(a->malformed_text, b->malformed_text))
		return false;
	for (__u32 i = 0; i < a->rule_cnt; i++)
		if (!same_rule(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}
