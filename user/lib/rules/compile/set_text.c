// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The rules and strings of a set: one table, and NUL-terminated strings one after the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "set_text.h"

struct strings {
	char *text; /* with room for all of them; NULL: only count them */
	size_t cnt;
};

/* Appends a string and returns its place; 0 for NULL. */
static __u32 add_string(struct strings *s, const char *text)
{
	size_t bytes, place = s->cnt;

	if (!text)
		return 0;
	bytes = strlen(text) + 1;
	if (s->text)
		memcpy(s->text + place, text, bytes);
	s->cnt += bytes;
	return place;
}

/* For people who look at the map; the tools go by the index. An alternative name may be cut. */
static void copy_ifname(char to[16], const char *name)
{
	snprintf(to, 16, "%.15s", name);
}

static void add_strings(const struct xs_ruleset *rules, struct strings *s,
			struct xs_set_header *set, struct xs_set_rule *rule)
{
	__u8 limit = 0;

	add_string(s, "");
	for (__u32 i = 0; i < rules->file_cnt; i++)
		add_string(s, rules->files[i]);
	set->default_text = add_string(s, rules->default_text);
	set->malformed_text = add_string(s, rules->malformed_text);
	for (__u32 i = 0; i < rules->rule_cnt; i++) {
		const struct xs_rule *from = &rules->rules[i];

		rule[i].action = from->action;
		if (from->limit.rate)
			rule[i].action.limit = ++limit;
		rule[i].line = from->line;
		rule[i].file = from->file;
		if (from->action.verdict == XS_VERDICT_dev)
			copy_ifname(rule[i].ifname, from->target_name);
		rule[i].text = add_string(s, from->text);
		rule[i].comment = add_string(s, from->comment);
	}
}

int xs_set_text_write(struct xs_chunks *chunks, const struct xs_ruleset *rules, __u64 *tables)
{
	size_t rule_bytes = rules->rule_cnt * sizeof(struct xs_set_rule), from, end;
	struct xs_set_rule *rule = calloc(rules->rule_cnt + 1, sizeof(*rule));
	struct strings strings = { 0 };
	struct xs_set_header *set;
	int err = -ENOMEM;

	if (!rule)
		goto out;
	add_strings(rules, &strings, xs_chunks_at(chunks, 0, 0), rule);
	err = -E2BIG;
	if (strings.cnt > XS_TEXT_BYTES_MAX)
		goto out;
	from = (size_t)(chunks->cnt - 1) * XS_CHUNK_BYTES + chunks->used[chunks->cnt - 1];
	from = (from + 63) & ~(size_t)63;
	end = from + rule_bytes + strings.cnt;
	err = 0;
	if (end > (size_t)chunks->cnt * XS_CHUNK_BYTES)
		err = xs_chunks_add(chunks,
				    (end + XS_CHUNK_BYTES - 1) / XS_CHUNK_BYTES - chunks->cnt);
	if (err)
		goto out;
	set = xs_chunks_at(chunks, 0, 0);
	set->rules = from;
	set->text = from + rule_bytes;
	set->text_bytes = strings.cnt;
	set->bytes = end;
	set->file_cnt = rules->file_cnt;
	if (rules->default_action.verdict == XS_VERDICT_dev)
		copy_ifname(set->default_ifname, rules->default_target_name);
	strings = (struct strings){ .text = (char *)set + set->text };
	add_strings(rules, &strings, set, rule);
	memcpy(chunks->bytes + from, rule, rule_bytes);
	*tables = from;
out:
	free(rule);
	return err;
}
