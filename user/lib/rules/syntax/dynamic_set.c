// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* set NAME { type ip; timeout 1h; size 1000; elements { ... } }, and @NAME in a match. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/timespan.h"
#include "match.h"

/* The set of that name, which may begin with '@'; NULL: none is declared. */
static const struct xs_dynamic_set *find_set(const struct xs_parser *p, struct xs_str name)
{
	if (name.len && *name.p == '@') {
		name.p++;
		name.len--;
	}
	for (__u32 i = 0; i < p->set.set_cnt; i++)
		if (xs_str_is(name, p->set.sets[i].name))
			return &p->set.sets[i];
	return NULL;
}

static bool refuse_known(struct xs_parser *p, const struct xs_pos *pos,
			 const struct xs_dynamic_set *old)
{
	return xs_parse_error(p, pos, "the set '%s' is declared at %s:%u already", old->name,
			      p->set.files[old->file], old->line);
}

static bool parse_name(struct xs_parser *p, struct xs_dynamic_set *set)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_str name = xs_token_str(&p->tok);
	const struct xs_dynamic_set *old;

	if (p->tok.type != XS_TOKEN_WORD)
		return xs_parse_expected(p, "the set's name after 'set'");
	if (!xs_parse_is_name(name))
		return xs_parse_error(p, &pos,
				      "'%s' is not the name of a set: expected a letter, then "
				      "letters, digits, _ and -, at most %d in all",
				      xs_quote_str(name).s, XS_MEMBER_NAME_MAX - 1);
	old = find_set(p, name);
	if (old)
		return refuse_known(p, &pos, old);
	memcpy(set->name, name.p, name.len);
	xs_parse_next(p);
	return true;
}

/* type ip or ip6, or nft's words for these. */
static bool parse_type(struct xs_parser *p, struct xs_dynamic_set *set)
{
	struct xs_pos pos = xs_token_pos(&p->tok);

	if (xs_parse_at_word(p, "ip") || xs_parse_at_word(p, "ipv4_addr"))
		set->family = XS_FAMILY_ipv4;
	else if (xs_parse_at_word(p, "ip6") || xs_parse_at_word(p, "ipv6_addr"))
		set->family = XS_FAMILY_ipv6;
	else
		return xs_parse_expected(p, "ip or ip6 after 'type'");
	for (__u32 i = 0; i < p->set.set_cnt; i++)
		set->number += p->set.sets[i].family == set->family;
	if (set->number == XS_MEMBER_SETS_OF_FAMILY)
		return xs_parse_error(
			p, &pos,
			"there are more than %u dynamic sets of type %s: join some, or "
			"write what does not change as define NAME = { ... }",
			XS_MEMBER_SETS_OF_FAMILY, set->family == XS_FAMILY_ipv4 ? "ip" : "ip6");
	xs_parse_next(p);
	return true;
}

static bool parse_timeout(struct xs_parser *p, __u64 *ns)
{
	struct xs_pos pos = xs_token_pos(&p->tok);

	if (p->tok.type != XS_TOKEN_WORD)
		return xs_parse_expected(p, "a time such as 1h30m after 'timeout'");
	if (xs_timespan_parse(p->tok.p, p->tok.len, ns))
		return xs_parse_error(
			p, &pos,
			"'%s' is not a time: expected numbers with d, h, m, s, ms behind "
			"them, such as 1h30m",
			xs_quote_str(xs_token_str(&p->tok)).s);
	xs_parse_next(p);
	return true;
}

static bool parse_size(struct xs_parser *p, struct xs_dynamic_set *set)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	__u64 size;

	if (p->tok.type != XS_TOKEN_WORD ||
	    xs_number_parse(p->tok.p, p->tok.len, XS_MEMBER_SIZE_MAX, &size) || !size)
		return xs_parse_error(p, &pos,
				      "expected how many members the set has room for, 1-%u",
				      XS_MEMBER_SIZE_MAX);
	set->size = (__u32)size;
	xs_parse_next(p);
	return true;
}

static bool add_element(struct xs_parser *p, struct xs_dynamic_set *set,
			const struct xs_set_element *element, const struct xs_pos *pos)
{
	struct xs_set_element *elements;

	if (!xs_parse_charge(p, sizeof(*element), pos))
		return false;
	if (set->element_cnt == XS_RULE_SET_MAX)
		return xs_parse_error(p, pos, "the set has more than %u elements", XS_RULE_SET_MAX);
	elements = xs_parse_grow(p, set->elements, set->element_cnt, &set->element_cap,
				 sizeof(*elements));
	if (!elements)
		return false;
	set->elements = elements;
	elements[set->element_cnt++] = *element;
	return true;
}

/* A range as the prefixes that it consists of; most are one. */
static bool add_range(struct xs_parser *p, struct xs_dynamic_set *set, struct xs_range range,
		      __u64 timeout_ns, const struct xs_pos *pos)
{
	__u32 bits = xs_family_bits(set->family);

	for (;;) {
		__u32 host = 0;
		struct xs_set_element element;

		while (host < bits && !(range.lo & xs_ones(host + 1)) &&
		       range.hi - range.lo >= xs_ones(host + 1))
			host++;
		element = (struct xs_set_element){ range.lo, bits - host, timeout_ns };
		if (!add_element(p, set, &element, pos))
			return false;
		if (range.hi - range.lo == xs_ones(host))
			return true;
		range.lo += xs_ones(host) + 1;
	}
}

/* What p->operand names, with one timeout. */
static bool add_operand(struct xs_parser *p, struct xs_dynamic_set *set, __u64 timeout_ns)
{
	enum xs_field field = set->family == XS_FAMILY_ipv4 ? XS_FIELD_ip_saddr
							    : XS_FIELD_ip6_saddr;
	struct xs_range range;

	for (__u32 i = 0; i < p->operand.cnt; i++)
		if (!xs_match_elem_range(p, field, &p->operand.elems[i], &range) ||
		    !add_range(p, set, range, timeout_ns, &p->operand.elems[i].pos))
			return false;
	return true;
}

#define NO_TIMEOUT (~0ULL) /* none is said: the set's, which may be said later */

static bool parse_element(struct xs_parser *p, struct xs_dynamic_set *set)
{
	__u64 timeout_ns = NO_TIMEOUT;

	if (xs_parse_at_word(p, "file")) {
		xs_parse_next(p);
		p->operand.cnt = 0;
		p->operand.pos = xs_token_pos(&p->tok);
		if (!xs_parse_set_file(p, &p->operand))
			return false;
	} else if (!xs_parse_member(p, &p->operand, "an address or a prefix")) {
		return false;
	}
	if (xs_parse_at_word(p, "timeout")) {
		xs_parse_next(p);
		if (!parse_timeout(p, &timeout_ns))
			return false;
	}
	return add_operand(p, set, timeout_ns);
}

/* After an error between braces: behind the one that closes them. Returns false. */
static bool leave_braces(struct xs_parser *p)
{
	for (int depth = 1; depth && p->tok.type != XS_TOKEN_EOF; xs_parse_next(p))
		depth += (p->tok.type == XS_TOKEN_LBRACE) - (p->tok.type == XS_TOKEN_RBRACE);
	return false;
}

static bool parse_list(struct xs_parser *p, struct xs_dynamic_set *set)
{
	xs_parse_skip_lines(p);
	while (p->tok.type != XS_TOKEN_RBRACE) {
		if (!parse_element(p, set))
			return false;
		xs_parse_skip_lines(p);
		if (p->tok.type == XS_TOKEN_COMMA)
			xs_parse_next(p);
		else if (p->tok.type != XS_TOKEN_RBRACE)
			return xs_parse_expected(p, "',', 'timeout' or '}' after an element");
		xs_parse_skip_lines(p);
	}
	xs_parse_next(p);
	return true;
}

/* elements [=] { ELEMENT, ... }, which may be empty. */
static bool parse_elements(struct xs_parser *p, struct xs_dynamic_set *set)
{
	if (set->family == XS_FAMILY_none)
		return xs_parse_expected(p, "'type ip' or 'type ip6' before 'elements'");
	if (p->tok.type == XS_TOKEN_EQ)
		xs_parse_next(p);
	if (p->tok.type != XS_TOKEN_LBRACE)
		return xs_parse_expected(p, "'{' after 'elements'");
	xs_parse_next(p);
	return parse_list(p, set) || leave_braces(p);
}

/* flags of nft, which say what every set here can. */
static bool skip_flags(struct xs_parser *p)
{
	while (p->tok.type == XS_TOKEN_COMMA || xs_parse_at_word(p, "interval") ||
	       xs_parse_at_word(p, "timeout") || xs_parse_at_word(p, "dynamic"))
		xs_parse_next(p);
	return xs_parse_at_end(p) || xs_parse_expected(p, "interval, timeout or dynamic");
}

static bool parse_property(struct xs_parser *p, struct xs_dynamic_set *set)
{
	static const char *const words[] = { "type", "timeout", "size", "elements", "flags" };
	size_t word = 0;

	while (word < 5 && !xs_parse_at_word(p, words[word]))
		word++;
	if (word == 5)
		return xs_parse_expected(p, "type, timeout, size, elements or '}'");
	xs_parse_next(p);
	switch (word) {
	case 0:
		return set->family == XS_FAMILY_none ? parse_type(p, set)
						     : xs_parse_expected(p, "one type");
	case 1:
		return parse_timeout(p, &set->timeout_ns);
	case 2:
		return parse_size(p, set);
	case 3:
		return parse_elements(p, set);
	default:
		return skip_flags(p);
	}
}

static bool parse_properties(struct xs_parser *p, struct xs_dynamic_set *set,
			     const struct xs_pos *pos)
{
	while (p->tok.type != XS_TOKEN_RBRACE) {
		if (p->tok.type == XS_TOKEN_EOF)
			return xs_parse_error(p, pos, "the set is not closed: expected '}'");
		if (p->tok.type == XS_TOKEN_EOL)
			xs_parse_next(p);
		else if (!parse_property(p, set))
			return false;
		else if (!xs_parse_at_end(p) && p->tok.type != XS_TOKEN_RBRACE)
			return xs_parse_expected(p, "';' or '}'");
	}
	if (set->family == XS_FAMILY_none)
		return xs_parse_expected(p, "'type ip' or 'type ip6' in the set");
	return true;
}

/* What holds for the declaration as a whole. */
static bool finish_set(struct xs_parser *p, struct xs_dynamic_set *set, const struct xs_pos *pos)
{
	if (set->element_cnt > set->size)
		return xs_parse_error(p, pos,
				      "the set has %u elements, and room for %u: expected a "
				      "larger size",
				      set->element_cnt, set->size);
	for (__u32 i = 0; i < set->element_cnt; i++)
		if (set->elements[i].timeout_ns == NO_TIMEOUT)
			set->elements[i].timeout_ns = set->timeout_ns;
	return true;
}

static bool parse_declaration(struct xs_parser *p, struct xs_dynamic_set *set,
			      const struct xs_pos *pos)
{
	if (!parse_name(p, set))
		return false;
	if (p->tok.type != XS_TOKEN_LBRACE)
		return xs_parse_expected(p, "'{' after the set's name");
	xs_parse_next(p);
	if (!parse_properties(p, set, pos))
		return leave_braces(p);
	xs_parse_next(p);
	return xs_parse_end(p, "the end of the line") && finish_set(p, set, pos);
}

bool xs_parse_dynamic_set(struct xs_parser *p)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_dynamic_set set = { .size = XS_DYNAMIC_SET_SIZE,
				      .line = pos.line,
				      .file = p->file };
	struct xs_dynamic_set *sets;

	xs_parse_next(p);
	if (!parse_declaration(p, &set, &pos))
		goto fail;
	sets = xs_parse_grow(p, p->set.sets, p->set.set_cnt, &p->set_cap, sizeof(*sets));
	if (!sets)
		goto fail;
	p->set.sets = sets;
	sets[p->set.set_cnt++] = set;
	return true;
fail:
	free(set.elements);
	return false;
}

bool xs_parse_at_set_name(const struct xs_parser *p)
{
	return p->tok.type == XS_TOKEN_WORD && p->tok.len > 1 && *p->tok.p == '@';
}

bool xs_parse_set_match(struct xs_parser *p, struct xs_match *match)
{
	const struct xs_field_info *info = &xs_fields[match->field];
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_str name = xs_token_str(&p->tok);
	const struct xs_dynamic_set *set = find_set(p, name);

	if (info->dim != XS_DIM_saddr && info->dim != XS_DIM_daddr)
		return xs_parse_error(
			p, &pos,
			"'%s' cannot be asked of a dynamic set: expected ip saddr, ip "
			"daddr, ip6 saddr or ip6 daddr before '%s'",
			info->text, xs_quote_str(name).s);
	if (!set)
		return xs_parse_error(
			p, &pos,
			"no set '%s' is declared: expected 'set %s { type %s; }' on an "
			"earlier line, or define and $%s for values that do not change",
			xs_quote(name.p + 1, name.len - 1).s, xs_quote(name.p + 1, name.len - 1).s,
			info->kind == XS_VALUE_IPV4 ? "ip" : "ip6",
			xs_quote(name.p + 1, name.len - 1).s);
	if ((set->family == XS_FAMILY_ipv4) != (info->kind == XS_VALUE_IPV4))
		return xs_parse_error(
			p, &pos,
			"the set '%s' is of type %s: expected %s saddr or %s daddr before "
			"it",
			set->name, set->family == XS_FAMILY_ipv4 ? "ip" : "ip6",
			set->family == XS_FAMILY_ipv4 ? "ip" : "ip6",
			set->family == XS_FAMILY_ipv4 ? "ip" : "ip6");
	match->set = (__u8)(set - p->set.sets + 1);
	match->set_number = (__u8)set->number;
	return xs_parse_take(p);
}
