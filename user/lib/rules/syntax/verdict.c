// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The grammar of verdicts: their words, slots, CPUs, names of interfaces and chains. */
#include <string.h>

#include "parse.h"
#include "value.h"

int xs_verdict_of(const struct xs_token *tok)
{
	/* counters.h has these words, too, but includes libbpf, which the parser must not know. */
	static const char *const words[XS_VERDICT_MAX] = {
#define X(name) #name,
		XS_VERDICTS(X)
#undef X
	};

	if (tok->type != XS_TOKEN_WORD)
		return -1;
	if (xs_str_is(xs_token_str(tok), "accept"))
		return XS_VERDICT_pass;
	for (int i = 0; i < XS_VERDICT_MAX; i++)
		if (xs_str_is(xs_token_str(tok), words[i]))
			return i;
	return -1;
}

bool xs_parse_pass_or_drop(struct xs_parser *p, const char *after, __u8 *verdict)
{
	int found = xs_verdict_of(&p->tok);

	if (found != XS_VERDICT_pass && found != XS_VERDICT_drop)
		return xs_parse_expected(p, "pass or drop after '%s'", after);
	*verdict = (__u8)found;
	return xs_parse_take(p);
}

/* Parses a number, or a $NAME that holds one, up to XS_RULE_INDEX_MAX. */
static bool parse_index(struct xs_parser *p, const char *what, __u32 *out)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_str text, through = { NULL, 0 };
	__u64 number;

	if (!xs_parse_at_value(p))
		return xs_parse_expected(p, "a %s number, 0-%u", what, XS_RULE_INDEX_MAX);
	if (!xs_parse_take_part(p, &text, &through))
		return false;
	if (xs_number_parse(text.p, text.len, XS_RULE_INDEX_MAX, &number))
		return xs_parse_error(p, &pos, "'%s' is not a %s number: expected 0-%u",
				      xs_quote_str(text).s, what, XS_RULE_INDEX_MAX);
	*out = (__u32)number;
	return xs_parse_put_token(p, text.p, text.len);
}

static bool parse_else(struct xs_parser *p, struct xs_action *action)
{
	action->otherwise = XS_VERDICT_pass;
	if (!xs_parse_take_word(p, "else"))
		return !p->err;
	return xs_parse_pass_or_drop(p, "else", &action->otherwise);
}

static bool parse_xsk(struct xs_parser *p, struct xs_action *action)
{
	action->own_slot = 1;
	if (xs_parse_take_word(p, "slot")) {
		action->own_slot = 0;
		if (p->tok.type == XS_TOKEN_LBRACE)
			return xs_parse_expected(
				p, "one slot number: a slot's socket takes frames of its own queue "
				   "alone, so frames of a queue cannot be spread over slots; "
				   "'chain NAME' shares them among processes");
		if (!parse_index(p, "slot", &action->target))
			return false;
	}
	return parse_else(p, action);
}

static bool parse_chain(struct xs_parser *p, struct xs_action *action, char *out)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_str name, through = { NULL, 0 };

	action->own_slot = 1;
	if (!xs_parse_at_value(p))
		return xs_parse_expected(p, "the name of a chain after 'chain'");
	if (!xs_parse_take_part(p, &name, &through))
		return false;
	if (!xs_parse_is_name(name))
		return xs_parse_error(p, &pos,
				      "'%s' is not the name of a chain: expected a letter, "
				      "then letters, digits, _ and -, at most %d in all",
				      xs_quote_str(name).s, XS_CHAIN_NAME_MAX - 1);
	memcpy(out, name.p, name.len);
	out[name.len] = '\0';
	return xs_parse_put_token(p, name.p, name.len) && parse_else(p, action);
}

/* What ip(8) takes for a name or an alternative name. Which of them there are is found out later. */
static bool is_ifname(struct xs_str name)
{
	if (!name.len || name.len >= XS_TARGET_NAME_MAX || xs_str_is(name, ".") ||
	    xs_str_is(name, ".."))
		return false;
	for (__u32 i = 0; i < name.len; i++)
		if (name.p[i] == '/' || name.p[i] == ' ' || name.p[i] == '\t')
			return false;
	return true;
}

/* Puts quotes around a name if it holds characters that a word cannot have. */
static bool put_ifname(struct xs_parser *p, struct xs_str name)
{
	for (__u32 i = 0; i < name.len; i++)
		if (!xs_is_word_byte(name.p[i]))
			return xs_parse_put_string(p, name);
	return xs_parse_put_token(p, name.p, name.len);
}

static bool parse_dev(struct xs_parser *p, char *ifname)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_str name, through = { NULL, 0 };

	if (p->tok.type == XS_TOKEN_STRING) {
		name = xs_token_str(&p->tok);
		xs_parse_next(p);
	} else if (!xs_parse_at_value(p)) {
		return xs_parse_expected(p, "an interface name after 'dev'");
	} else if (!xs_parse_take_part(p, &name, &through)) {
		return false;
	}
	if (!is_ifname(name))
		return xs_parse_error(
			p, &pos,
			"'%s' is not an interface name: expected 1-%d bytes without '/' and space",
			xs_quote_str(name).s, XS_TARGET_NAME_MAX - 1);
	memcpy(ifname, name.p, name.len);
	ifname[name.len] = '\0';
	return put_ifname(p, name);
}

bool xs_parse_verdict(struct xs_parser *p, struct xs_action *action, char name[XS_TARGET_NAME_MAX])
{
	int verdict = xs_verdict_of(&p->tok);

	if (verdict < 0)
		return xs_parse_expected(p, "a verdict: pass, drop, tx, xsk, cpu, dev or chain");
	action->verdict = (__u8)verdict;
	if (!xs_parse_take(p))
		return false;
	switch (verdict) {
	case XS_VERDICT_xsk:
		return parse_xsk(p, action);
	case XS_VERDICT_cpu:
		if (p->tok.type == XS_TOKEN_LBRACE)
			return xs_parse_spread(p, action);
		return parse_index(p, "CPU", &action->target);
	case XS_VERDICT_dev:
		return parse_dev(p, name);
	case XS_VERDICT_chain:
		return parse_chain(p, action, name);
	}
	return true;
}
