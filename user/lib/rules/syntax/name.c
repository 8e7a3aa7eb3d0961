// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* `name web:` before a rule, and names in general: what they are made of, and that each is one. */
#include <search.h>
#include <string.h>

#include "parse.h"

struct rule_name {
	struct xs_str name; /* in the text of its file */
	__u32 file, line;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool xs_parse_is_name(struct xs_str name)
{
	if (!name.len || name.len >= XS_CHAIN_NAME_MAX || !is_letter(name.p[0]))
		return false;
	for (__u32 i = 1; i < name.len; i++)
		if (!is_letter(name.p[i]) && !(name.p[i] >= '0' && name.p[i] <= '9') &&
		    name.p[i] != '_' && name.p[i] != '-')
			return false;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	const struct rule_name *x = a, *y = b;

	if (x->name.len != y->name.len)
		return x->name.len < y->name.len ? -1 : 1;
	return memcmp(x->name.p, y->name.p, x->name.len);
}

/* Counters are found by it, so it is of one rule. */
static bool add_name(struct xs_parser *p, struct xs_str name, const struct xs_pos *pos)
{
	struct rule_name *own = xs_parse_alloc(p, sizeof(*own)), *const * node;

	if (!own)
		return false;
	*own = (struct rule_name){ name, p->file, pos->line };
	node = tsearch(own, &p->rule_names, compare_names);
	if (!node)
		return xs_parse_oom(p);
	return *node == own ||
	       xs_parse_error(p, pos, "the name '%s' is that of %s:%u already",
			      xs_quote_str(name).s, p->set.files[(*node)->file], (*node)->line);
}

bool xs_parse_rule_name(struct xs_parser *p, struct xs_pos *pos)
{
	struct xs_str name;

	pos->line = 0;
	if (!xs_parse_at_word(p, "name"))
		return true;
	if (!xs_parse_take(p))
		return false;
	*pos = xs_token_pos(&p->tok);
	name = xs_token_str(&p->tok);
	if (p->tok.type != XS_TOKEN_WORD)
		return xs_parse_expected(p, "the rule's name and a ':' after 'name'");
	if (name.p[name.len - 1] != ':')
		return xs_parse_error(p, pos,
				      "'%s' does not end with a ':': expected 'name web: ', "
				      "then the rule",
				      xs_quote_str(name).s);
	name.len--;
	if (!xs_parse_is_name(name))
		return xs_parse_error(p, pos,
				      "'%s' is not the name of a rule: expected a letter, "
				      "then letters, digits, _ and -, at most %d in all, and a ':'",
				      xs_quote_str(name).s, XS_CHAIN_NAME_MAX - 1);
	return add_name(p, name, pos) && xs_parse_take(p);
}

void xs_parse_free_rule_names(struct xs_parser *p)
{
	while (p->rule_names)
		tdelete(*(void **)p->rule_names, &p->rule_names, compare_names);
}
