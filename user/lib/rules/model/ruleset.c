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
	for (__u32 i = 0; i < set->set_cnt; i++)
		free(set->sets[i].elements);
	free(set->sets);
	free(set->spreads);
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
	char *sets = xs_dynamic_sets_text(set->sets, set->set_cnt, true), *text, *to;

	if (!sets)
		return NULL;
	size += strlen(sets);
	size += set->default_text ? strlen(set->default_text) + 1 : 0;
	size += set->malformed_text ? strlen(set->malformed_text) + 1 : 0;
	for (__u32 i = 0; i < set->rule_cnt; i++)
		size += strlen(set->rules[i].text) + 1;
	text = malloc(size);
	if (text) {
		to = put_line(put_line(stpcpy(text, sets), set->default_text), set->malformed_text);
		for (__u32 i = 0; i < set->rule_cnt; i++)
			to = put_line(to, set->rules[i].text);
		*to = '\0';
	}
	free(sets);
	return text;
}
