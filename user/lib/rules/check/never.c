// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a rule asks of a frame, kind by kind, until one kind can meet it. */
#include "lib/rules/model/names.h"
#include "lib/rules/model/nature.h"
#include "never.h"

/* Types that no frame has where they are compared: the tags are stepped over. */
static const struct xs_range tag_types[] = { { 0x8100, 0x8100 }, { 0x88a8, 0x88a8 } };
/* What frames that are neither IPv4 nor IPv6 do not have there. */
static const struct xs_range not_other_types[] = {
	{ XS_TYPE_IP, XS_TYPE_IP },
	{ 0x8100, 0x8100 },
	{ XS_TYPE_IP6, XS_TYPE_IP6 },
	{ 0x88a8, 0x88a8 },
};
static const struct xs_range later_range[] = { { XS_FRAGMENT_later, XS_FRAGMENT_later } };
static const struct xs_range none_range[] = { { XS_FRAGMENT_none, XS_FRAGMENT_none } };
static const struct xs_range any_range[] = { { XS_FRAGMENT_none, XS_FRAGMENT_later } };

static const struct xs_term tag_type = XS_TERM(tag_types);
static const struct xs_term other_type = { not_other_types, XS_CNT(not_other_types), true };
static const struct xs_term later_only = XS_TERM(later_range);
static const struct xs_term none_only = XS_TERM(none_range);
static const struct xs_term any_fragment = XS_TERM(any_range);

/* A field whose own matches leave no value; XS_FIELD_MAX: there is none. */
static enum xs_field impossible_field(const struct xs_rule *rule)
{
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		enum xs_field field = rule->matches[i].field;
		struct xs_terms terms = { .cnt = 0 };

		if (!xs_fields[field].bits || xs_port_side(field) == XS_PORT_EITHER)
			xs_terms_add(&terms, xs_match_term(&rule->matches[i]));
		else
			xs_terms_of_field(&terms, rule, field);
		if (xs_fields[field].bits && !xs_terms_possible(&terms, xs_field_max(field)))
			return field;
	}
	return XS_FIELD_MAX;
}

/* What the rule asks of the L4 protocol. */
static void proto_terms(struct xs_terms *terms, const struct xs_rule *rule)
{
	xs_terms_of_field(terms, rule, XS_FIELD_meta_l4proto);
	xs_terms_of_field(terms, rule, XS_FIELD_ip_protocol);
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_nature *nature = &xs_natures[rule->matches[i].field];

		if (nature->protos.ranges)
			xs_terms_add(terms, nature->protos);
	}
}

static bool wants_l4(const struct xs_rule *rule)
{
	for (__u32 i = 0; i < rule->match_cnt; i++)
		if (xs_natures[rule->matches[i].field].in_l4)
			return true;
	return false;
}

/* Whether the rule allows one of these in meta fragment. */
static bool fragment_possible(const struct xs_rule *rule, struct xs_term fragments)
{
	struct xs_terms terms = { .cnt = 0 };

	xs_terms_of_field(&terms, rule, XS_FIELD_meta_fragment);
	if (wants_l4(rule))
		xs_terms_add(&terms, xs_not_later);
	xs_terms_add(&terms, fragments);
	return xs_terms_possible(&terms, XS_FRAGMENT_later);
}

/*
 * IPv6: either the fixed header names the L4 protocol, or it names a header that
 * is walked. Then the protocol is none of those, but behind a later fragment.
 */
static bool ip6_possible(const struct xs_rule *rule)
{
	struct xs_terms direct = { .cnt = 0 }, first = { .cnt = 0 }, behind, later;

	proto_terms(&direct, rule);
	behind = later = direct;
	xs_terms_of_field(&direct, rule, XS_FIELD_ip6_nexthdr);
	xs_terms_add(&direct, xs_term_not(xs_walked));
	if (xs_terms_possible(&direct, 255) && fragment_possible(rule, none_only))
		return true;
	xs_terms_of_field(&first, rule, XS_FIELD_ip6_nexthdr);
	xs_terms_add(&first, xs_walked);
	if (!xs_terms_possible(&first, 255))
		return false;
	xs_terms_add(&behind, xs_term_not(xs_walked));
	return (xs_terms_possible(&behind, 255) && fragment_possible(rule, xs_not_later)) ||
	       (xs_terms_possible(&later, 255) && fragment_possible(rule, later_only));
}

static enum xs_never why_not_type(const struct xs_rule *rule, __u8 kind)
{
	struct xs_terms terms = { .cnt = 0 }, others;

	xs_terms_of_field(&terms, rule, XS_FIELD_ether_type);
	others = terms;
	if (kind == XS_KIND_OTHER)
		xs_terms_add(&terms, other_type);
	else
		xs_terms_add(&terms, kind == XS_KIND_IP4 ? xs_type_ip : xs_type_ip6);
	if (xs_terms_possible(&terms, 0xffff))
		return XS_NEVER_NOT;
	/* Whoever asks for tags alone means tagged frames; other types are no mistake. */
	xs_terms_add(&others, xs_term_not(tag_type));
	return xs_terms_possible(&others, 0xffff) ? XS_NEVER_TYPE : XS_NEVER_TAG_TYPE;
}

/* Bytes of the headers before L4, without tags. */
static __u32 header_bytes(__u8 kind)
{
	if (kind == XS_KIND_IP4)
		return 14 + 20;
	return kind == XS_KIND_IP6 ? 14 + 40 : 14;
}

/* Whether the rule allows a frame of so many bytes or more. */
static bool length_possible(const struct xs_rule *rule, __u32 bytes)
{
	const struct xs_range from = { bytes, 0xffffffff };
	struct xs_terms terms = { .cnt = 0 };

	xs_terms_of_field(&terms, rule, XS_FIELD_meta_length);
	xs_terms_add(&terms, (struct xs_term){ &from, 1, false });
	return xs_terms_possible(&terms, 0xffffffff);
}

static enum xs_never why_not_length(const struct xs_rule *rule, __u8 kind)
{
	__u32 tag = 0, l4 = 0;

	for (__u32 i = 0; i < rule->match_cnt; i++) {
		enum xs_field field = rule->matches[i].field;

		if (field == XS_FIELD_vlan_id || field == XS_FIELD_vlan_pcp)
			tag = 4;
		if (xs_natures[field].l4_bytes > l4)
			l4 = xs_natures[field].l4_bytes;
	}
	if (length_possible(rule, header_bytes(kind) + tag + l4))
		return XS_NEVER_NOT;
	return length_possible(rule, header_bytes(XS_KIND_OTHER)) ? XS_NEVER_LENGTH : XS_NEVER_RUNT;
}

static enum xs_never why_not_kind(const struct xs_rule *rule, __u8 kind)
{
	struct xs_terms protos = { .cnt = 0 };
	enum xs_never why = why_not_type(rule, kind);

	if (why)
		return why;
	proto_terms(&protos, rule);
	if (kind != XS_KIND_OTHER && !xs_terms_possible(&protos, 255))
		return XS_NEVER_PROTO;
	if (kind != XS_KIND_OTHER && !fragment_possible(rule, any_fragment))
		return XS_NEVER_FRAGMENT;
	if (kind == XS_KIND_IP6 && !ip6_possible(rule))
		return XS_NEVER_PROTO;
	return why_not_length(rule, kind);
}

/* Whether one way of giving each `port` match a side leaves values on both. */
static bool ports_possible_as(const struct xs_rule *rule, __u32 sides)
{
	struct xs_terms source = { .cnt = 0 }, destination = { .cnt = 0 };
	__u32 n = 0;

	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];
		enum xs_port_side side = xs_port_side(match->field);

		if (side == XS_PORT_NONE)
			continue;
		if (side == XS_PORT_EITHER && !match->negate)
			side = sides & (1U << n++) ? XS_PORT_SOURCE : XS_PORT_DESTINATION;
		if (side != XS_PORT_DESTINATION)
			xs_terms_add(&source, xs_match_term(match));
		if (side != XS_PORT_SOURCE)
			xs_terms_add(&destination, xs_match_term(match));
	}
	return xs_terms_possible(&source, 0xffff) && xs_terms_possible(&destination, 0xffff);
}

static bool ports_possible(const struct xs_rule *rule)
{
	__u32 ports = 0, either = 0;

	for (__u32 i = 0; i < rule->match_cnt; i++) {
		enum xs_port_side side = xs_port_side(rule->matches[i].field);

		ports += side != XS_PORT_NONE;
		either += side == XS_PORT_EITHER && !rule->matches[i].negate;
	}
	if (ports < 2 || either > 6)
		return true;
	for (__u32 sides = 0; sides < 1U << either; sides++)
		if (ports_possible_as(rule, sides))
			return true;
	return false;
}

enum xs_never xs_rule_never(const struct xs_rule *rule, enum xs_field *field)
{
	enum xs_never why = XS_NEVER_IP;
	__u8 kinds = xs_kinds_of(rule);

	*field = impossible_field(rule);
	if (*field != XS_FIELD_MAX)
		return XS_NEVER_FIELD;
	for (__u8 kind = XS_KIND_OTHER; kind <= XS_KIND_IP6; kind = (__u8)(kind << 1)) {
		enum xs_never why_kind;

		if (!(kinds & kind))
			continue;
		why_kind = why_not_kind(rule, kind);
		if (!why_kind)
			return ports_possible(rule) ? XS_NEVER_NOT : XS_NEVER_PORTS;
		/* The one that failed last knows best what is wrong. */
		if (why_kind > why)
			why = why_kind;
	}
	return why;
}
