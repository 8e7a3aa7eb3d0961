// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The grammar of `{ 2-7 } by flow|ip saddr|...` behind `cpu`: members, and what chooses one. */
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "value.h"

static const struct {
	const char *family, *side;
	enum xs_spread_by by;
} keys[] = {
	{ "ip", "saddr", XS_SPREAD_ip_saddr },
	{ "ip", "daddr", XS_SPREAD_ip_daddr },
	{ "ip6", "saddr", XS_SPREAD_ip6_saddr },
	{ "ip6", "daddr", XS_SPREAD_ip6_daddr },
};

static int by_number(const void *a, const void *b)
{
	return *(const __u16 *)a - *(const __u16 *)b;
}

static bool is_number(const char *text, size_t len, __u64 *number)
{
	return len && xs_number_parse(text, len, XS_RULE_INDEX_MAX, number) == XS_VALUE_OK;
}

/* N or N-M. */
static bool add_members(struct xs_parser *p, struct xs_spread *spread, const struct xs_elem *elem)
{
	const char *text = elem->text.p, *dash = memchr(text, '-', elem->text.len);
	size_t len = dash ? (size_t)(dash - text) : elem->text.len;
	__u64 first, last;
	bool good = !elem->prefix.p && is_number(text, len, &first);

	last = good ? first : 0;
	if (good && dash)
		good = is_number(dash + 1, elem->text.len - len - 1, &last) && first <= last;
	if (!good)
		return xs_parse_error(
			p, &elem->pos,
			"'%s' is not a CPU number and no range of them: expected 0-%u",
			xs_quote_str(elem->text).s, XS_RULE_INDEX_MAX);
	for (; first <= last; first++) {
		if (spread->cnt == XS_SPREAD_MEMBERS)
			return xs_parse_error(p, &elem->pos, "the set has more than %u members",
					      XS_SPREAD_MEMBERS);
		spread->member[spread->cnt++] = (__u16)first;
	}
	return true;
}

static void sort_members(struct xs_spread *spread)
{
	__u32 cnt = 0;

	qsort(spread->member, spread->cnt, sizeof(spread->member[0]), by_number);
	for (__u32 i = 0; i < spread->cnt; i++)
		if (!i || spread->member[i] != spread->member[cnt - 1])
			spread->member[cnt++] = spread->member[i];
	memset(spread->member + cnt, 0, (spread->cnt - cnt) * sizeof(spread->member[0]));
	spread->cnt = cnt;
}

static bool parse_by(struct xs_parser *p, struct xs_spread *spread)
{
	static const char *const what = "flow, ip saddr, ip daddr, ip6 saddr or ip6 daddr";

	if (!xs_parse_take_word(p, "by"))
		return !p->err && xs_parse_expected(p, "'by' and %s after the set", what);
	spread->by = XS_SPREAD_flow;
	if (xs_parse_take_word(p, "flow") || p->err)
		return !p->err;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i += 2) {
		if (!xs_parse_take_word(p, keys[i].family)) {
			if (p->err)
				return false;
			continue;
		}
		for (size_t k = i; k < i + 2; k++) {
			spread->by = keys[k].by;
			if (xs_parse_take_word(p, keys[k].side) || p->err)
				return !p->err;
		}
		return xs_parse_expected(p, "saddr or daddr");
	}
	return xs_parse_expected(p, "%s after 'by'", what);
}

/* Its number among those of the set, which has each once. */
static bool number_spread(struct xs_parser *p, const struct xs_spread *spread,
			  const struct xs_pos *pos, __u32 *number)
{
	struct xs_spread *more;

	for (*number = 0; *number < p->set.spread_cnt; ++*number)
		if (!memcmp(&p->set.spreads[*number], spread, sizeof(*spread)))
			return true;
	if (p->set.spread_cnt == XS_SPREADS_MAX)
		return xs_parse_error(p, pos, "the rules have more than %u different sets of CPUs",
				      XS_SPREADS_MAX);
	more = xs_parse_grow(p, p->set.spreads, p->set.spread_cnt, &p->spread_cap, sizeof(*more));
	if (!more)
		return false;
	p->set.spreads = more;
	more[p->set.spread_cnt++] = *spread;
	return true;
}

bool xs_parse_spread(struct xs_parser *p, struct xs_action *action)
{
	struct xs_pos pos = xs_token_pos(&p->tok);
	struct xs_spread spread = {};

	if (!xs_parse_operand(p, &p->operand, false, "a set of CPUs"))
		return false;
	for (__u32 i = 0; i < p->operand.cnt; i++)
		if (!add_members(p, &spread, &p->operand.elems[i]))
			return false;
	if (!spread.cnt)
		return xs_parse_error(p, &pos, "the set is empty: expected a CPU in it");
	if (!xs_parse_put_operand(p, &p->operand) || !parse_by(p, &spread))
		return false;
	sort_members(&spread);
	action->own_slot = XS_SLOT_SPREAD;
	return number_spread(p, &spread, &pos, &action->target);
}
