// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rule sets as a whole; see ruleset.h. */
#include <stdlib.h>
#include <string.h>

#include "ruleset.h"

void xs_ruleset_free(struct xs_ruleset *set)
{
	for (__u32 i = 0; i < set->rule_cnt; i++)
		free(set->rules[i].matches);
	free(set->rules);
	for (__u32 i = 0; i < set->file_cnt; i++)
		free(set->files[i]);
	free(set->files);
	free(set->default_text);
	free(set->malformed_text);
	memset(set, 0, sizeof(*set));
}

static char *put_line(char *to, const char *line)
{
	if (!line)
		return to;
	to = stpcpy(to, line);
	*to++ = '\n';
	return to;
}

char *xs_ruleset_text(const struct xs_ruleset *set)
{
	size_t size = 1;
	char *text, *to;

	size += set->default_text ? strlen(set->default_text) + 1 : 0;
	size += set->malformed_text ? strlen(set->malformed_text) + 1 : 0;
	for (__u32 i = 0; i < set->rule_cnt; i++)
		size += strlen(set->rules[i].text) + 1;
	text = malloc(size);
	if (!text)
		return NULL;
	to = put_line(put_line(text, set->default_text), set->malformed_text);
	for (__u32 i = 0; i < set->rule_cnt; i++)
		to = put_line(to, set->rules[i].text);
	*to = '\0';
	return text;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_action(const struct xs_action *a, const struct xs_action *b)
{
	return a->verdict == b->verdict && a->otherwise == b->otherwise &&
	       a->own_slot == b->own_slot && a->target == b->target;
}

static bool same_match(const struct xs_match *a, const struct xs_match *b)
{
	if (a->field != b->field || a->negate != b->negate || a->range_cnt != b->range_cnt)
		return false;
	for (__u32 i = 0; i < a->range_cnt; i++)
		if (a->ranges[i].lo != b->ranges[i].lo || a->ranges[i].hi != b->ranges[i].hi)
			return false;
	return true;
}

static bool same_rule(const struct xs_rule *a, const struct xs_rule *b)
{
	if (a->match_cnt != b->match_cnt || !same_action(&a->action, &b->action) ||
	    strcmp(a->ifname, b->ifname) || !same_text(a->text, b->text) ||
	    !same_text(a->comment, b->comment))
		return false;
	for (__u32 i = 0; i < a->match_cnt; i++)
		if (!same_match(&a->matches[i], &b->matches[i]))
			return false;
	return true;
}

bool xs_ruleset_equal(const struct xs_ruleset *a, const struct xs_ruleset *b)
{
	if (a->rule_cnt != b->rule_cnt || !same_action(&a->default_action, &b->default_action) ||
	    !same_action(&a->malformed_action, &b->malformed_action) ||
	    strcmp(a->default_ifname, b->default_ifname) ||
	    !same_text(a->default_text, b->default_text) ||
	    !same_text(a->malformed_text, b->malformed_text))
		return false;
	for (__u32 i = 0; i < a->rule_cnt; i++)
		if (!same_rule(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}
