// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rules and strings of a set: one table, and NUL-terminated strings one behind the other. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rule_set_text.h"

struct strings {
	char *text;
	size_t cnt, room;
};

/* Appends a string; its place, 0 for NULL. */
static int add_string(struct strings *s, const char *text, __u32 *place_of)
{
	size_t bytes;

	*place_of = 0;
	if (!text)
		return 0;
	bytes = strlen(text) + 1;
	if (s->cnt + bytes > 0xffffffff)
		return -E2BIG;
	if (s->cnt + bytes > s->room) {
		size_t room = 2 * (s->room + bytes) + 4096;
		void *more = realloc(s->text, room);

		if (!more)
			return -ENOMEM;
		s->text = more;
		s->room = room;
	}
	memcpy(s->text + s->cnt, text, bytes);
	*place_of = s->cnt;
	s->cnt += bytes;
	return 0;
}

static int add_strings(const struct xs_ruleset *rules, struct strings *s, struct xs_set_header *set,
		       struct xs_set_rule *rule)
{
	__u32 unused;
	int err = add_string(s, "", &unused);

	for (__u32 i = 0; i < rules->file_cnt && !err; i++)
		err = add_string(s, rules->files[i], &unused);
	if (!err)
		err = add_string(s, rules->default_text, &set->default_text);
	if (!err)
		err = add_string(s, rules->malformed_text, &set->malformed_text);
	for (__u32 i = 0; i < rules->rule_cnt && !err; i++) {
		const struct xs_rule *from = &rules->rules[i];

		rule[i].action = from->action;
		rule[i].line = from->line;
		rule[i].file = from->file;
		memcpy(rule[i].ifname, from->ifname, sizeof(rule[i].ifname));
		err = add_string(s, from->text, &rule[i].text);
		if (!err)
			err = add_string(s, from->comment, &rule[i].comment);
	}
	return err;
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
	err = add_strings(rules, &strings, xs_chunks_at(chunks, 0, 0), rule);
	if (err)
		goto out;
	from = (size_t)(chunks->cnt - 1) * XS_CHUNK_BYTES + chunks->used[chunks->cnt - 1];
	from = (from + 63) & ~(size_t)63;
	end = from + rule_bytes + strings.cnt;
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
	memcpy(set->default_ifname, rules->default_ifname, sizeof(set->default_ifname));
	memcpy(chunks->bytes + from, rule, rule_bytes);
	memcpy(chunks->bytes + set->text, strings.text, strings.cnt);
	*tables = from;
out:
	free(rule);
	free(strings.text);
	return err;
}

bool xs_set_valid(const void *bytes, size_t size)
{
	const struct xs_set_header *set = bytes;
	__u64 rules_end;

	if (size < sizeof(*set) || set->magic != XS_SET_MAGIC || set->layout != XS_SET_LAYOUT)
		return false;
	rules_end = set->rules + (__u64)set->rule_cnt * sizeof(struct xs_set_rule);
	return set->bytes <= size && set->rules <= size && rules_end <= size && set->text <= size &&
	       set->text_bytes <= size - set->text && set->text_bytes &&
	       !xs_set_string(set, set->text_bytes - 1)[0];
}

const char *xs_set_file(const struct xs_set_header *set, __u32 number)
{
	const char *name = xs_set_string(set, 1);

	if (number >= set->file_cnt)
		return NULL;
	while (number--)
		name += strlen(name) + 1;
	return name;
}
