// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Rules that no frame can ever reach: those that ask for what no frame is, and
 * those that an earlier rule leaves nothing of.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rule_names.h"
#include "rule_text.h"
#include "rule_warn.h"

#define CNT(a) ((__u32)(sizeof(a) / sizeof((a)[0])))

/* A set of numbers that a quantity must be in, or with negate must not be in. */
struct term {
	const struct xs_range *ranges;
	__u32 cnt;
	bool negate;
};

struct terms {
	struct term t[2 * XS_RULE_MATCH_MAX + 8];
	__u32 cnt;
};

#define TERM(array, not ) ((struct term){ array, CNT(array), not })

enum { ETH_IP = 0x0800, ETH_IP6 = 0x86dd };
enum { TCP = 6, UDP = 17, SCTP = 132, ICMP = 1, ICMPV6 = 58 };

static const struct xs_range ip_type[] = { { ETH_IP, ETH_IP } };
static const struct xs_range ip6_type[] = { { ETH_IP6, ETH_IP6 } };
/* Types that no frame has where they are compared: the tags are stepped over. */
static const struct xs_range tag_types[] = { { 0x8100, 0x8100 }, { 0x88a8, 0x88a8 } };
/* Types of frames that are neither IPv4, IPv6 nor tagged. */
static const struct xs_range not_other_types[] = {
	{ ETH_IP, ETH_IP },
	{ 0x8100, 0x8100 },
	{ ETH_IP6, ETH_IP6 },
	{ 0x88a8, 0x88a8 },
};
static const struct xs_range tcp_proto[] = { { TCP, TCP } };
static const struct xs_range udp_proto[] = { { UDP, UDP } };
static const struct xs_range sctp_proto[] = { { SCTP, SCTP } };
static const struct xs_range icmp_proto[] = { { ICMP, ICMP } };
static const struct xs_range icmpv6_proto[] = { { ICMPV6, ICMPV6 } };
static const struct xs_range th_protos[] = {
	{ 6, 6 }, { 17, 17 }, { 33, 33 }, { 132, 132 }, { 136, 136 }
};
/* IPv6 next headers that are walked, so are no L4 protocol but behind a later fragment. */
static const struct xs_range walked[] = { { 0, 0 }, { 43, 44 }, { 51, 51 }, { 60, 60 } };
static const struct xs_range later_only[] = { { XS_FRAGMENT_later, XS_FRAGMENT_later } };
static const struct xs_range none_only[] = { { XS_FRAGMENT_none, XS_FRAGMENT_none } };
static const struct xs_range not_later[] = { { XS_FRAGMENT_none, XS_FRAGMENT_first } };

/* What matching a field says about the rest of the frame. */
enum { OTHER = 1, IP4 = 2, IP6 = 4 };

struct nature {
	__u8 shapes; /* that can have the field */
	const struct xs_range *protos; /* NULL: any */
	__u32 proto_cnt;
	bool in_l4; /* not in a later fragment */
	__u8 l4_bytes; /* the least header it lies in */
	enum xs_field alone; /* the protocol alone that it implies; or XS_FIELD_MAX */
};

#define ANY_FRAME \
	{ \
		OTHER | IP4 | IP6, NULL, 0, false, 0, XS_FIELD_MAX \
	}
#define IN_IP4 \
	{ \
		IP4, NULL, 0, false, 0, XS_FIELD_MAX \
	}
#define IN_IP6 \
	{ \
		IP6, NULL, 0, false, 0, XS_FIELD_MAX \
	}
#define IN_IP \
	{ \
		IP4 | IP6, NULL, 0, false, 0, XS_FIELD_MAX \
	}
#define IN_L4(shapes, protos, bytes, field) \
	{ \
		shapes, protos, CNT(protos), true, bytes, field \
	}
#define PROTO(shapes, protos, field) \
	{ \
		shapes, protos, CNT(protos), false, 0, field \
	}
#define IN_TCP IN_L4(IP4 | IP6, tcp_proto, 20, XS_FIELD_tcp)
#define IN_UDP IN_L4(IP4 | IP6, udp_proto, 8, XS_FIELD_udp)
#define IN_SCTP IN_L4(IP4 | IP6, sctp_proto, 12, XS_FIELD_sctp)
#define IN_TH IN_L4(IP4 | IP6, th_protos, 8, XS_FIELD_MAX)
#define IN_ICMP IN_L4(IP4, icmp_proto, 8, XS_FIELD_icmp)
#define IN_ICMPV6 IN_L4(IP6, icmpv6_proto, 8, XS_FIELD_icmpv6)

static const struct nature natures[XS_FIELD_MAX] = {
	[XS_FIELD_ether_saddr] = ANY_FRAME,
	[XS_FIELD_ether_daddr] = ANY_FRAME,
	[XS_FIELD_ether_type] = ANY_FRAME,
	[XS_FIELD_vlan_id] = ANY_FRAME,
	[XS_FIELD_vlan_pcp] = ANY_FRAME,
	[XS_FIELD_ip_saddr] = IN_IP4,
	[XS_FIELD_ip_daddr] = IN_IP4,
	[XS_FIELD_ip_protocol] = IN_IP4,
	[XS_FIELD_ip_dscp] = IN_IP4,
	[XS_FIELD_ip_ttl] = IN_IP4,
	[XS_FIELD_ip6_saddr] = IN_IP6,
	[XS_FIELD_ip6_daddr] = IN_IP6,
	[XS_FIELD_ip6_nexthdr] = IN_IP6,
	[XS_FIELD_ip6_dscp] = IN_IP6,
	[XS_FIELD_ip6_hoplimit] = IN_IP6,
	[XS_FIELD_meta_l4proto] = IN_IP,
	[XS_FIELD_meta_fragment] = IN_IP,
	[XS_FIELD_meta_length] = ANY_FRAME,
	[XS_FIELD_meta_rxqueue] = ANY_FRAME,
	[XS_FIELD_tcp] = PROTO(IP4 | IP6, tcp_proto, XS_FIELD_tcp),
	[XS_FIELD_udp] = PROTO(IP4 | IP6, udp_proto, XS_FIELD_udp),
	[XS_FIELD_sctp] = PROTO(IP4 | IP6, sctp_proto, XS_FIELD_sctp),
	[XS_FIELD_icmp] = PROTO(IP4, icmp_proto, XS_FIELD_icmp),
	[XS_FIELD_icmpv6] = PROTO(IP6, icmpv6_proto, XS_FIELD_icmpv6),
	[XS_FIELD_tcp_sport] = IN_TCP,
	[XS_FIELD_tcp_dport] = IN_TCP,
	[XS_FIELD_tcp_port] = IN_TCP,
	[XS_FIELD_udp_sport] = IN_UDP,
	[XS_FIELD_udp_dport] = IN_UDP,
	[XS_FIELD_udp_port] = IN_UDP,
	[XS_FIELD_sctp_sport] = IN_SCTP,
	[XS_FIELD_sctp_dport] = IN_SCTP,
	[XS_FIELD_sctp_port] = IN_SCTP,
	[XS_FIELD_th_sport] = IN_TH,
	[XS_FIELD_th_dport] = IN_TH,
	[XS_FIELD_th_port] = IN_TH,
	[XS_FIELD_tcp_flags] = IN_TCP,
	[XS_FIELD_icmp_type] = IN_ICMP,
	[XS_FIELD_icmp_code] = IN_ICMP,
	[XS_FIELD_icmpv6_type] = IN_ICMPV6,
	[XS_FIELD_icmpv6_code] = IN_ICMPV6,
};

enum side { NO_PORT, SPORT, DPORT, PORT };

static enum side side_of(enum xs_field field)
{
	switch (field) {
	case XS_FIELD_tcp_sport:
	case XS_FIELD_udp_sport:
	case XS_FIELD_sctp_sport:
	case XS_FIELD_th_sport:
		return SPORT;
	case XS_FIELD_tcp_dport:
	case XS_FIELD_udp_dport:
	case XS_FIELD_sctp_dport:
	case XS_FIELD_th_dport:
		return DPORT;
	case XS_FIELD_tcp_port:
	case XS_FIELD_udp_port:
	case XS_FIELD_sctp_port:
	case XS_FIELD_th_port:
		return PORT;
	default:
		return NO_PORT;
	}
}

/* Sets of numbers */

/* Index of the first range that ends at v or above; cnt: none. */
static __u32 first_from(const struct xs_range *ranges, __u32 cnt, xs_u128 v)
{
	__u32 low = 0, high = cnt;

	while (low < high) {
		__u32 mid = low + (high - low) / 2;

		if (ranges[mid].hi < v)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Moves *v up to the least number that the term allows; false: there is none up to max. */
static bool advance(const struct term *term, xs_u128 max, xs_u128 *v)
{
	__u32 i = first_from(term->ranges, term->cnt, *v);

	if (!term->negate) {
		if (i == term->cnt)
			return false;
		if (*v < term->ranges[i].lo)
			*v = term->ranges[i].lo;
		return *v <= max;
	}
	if (i < term->cnt && term->ranges[i].lo <= *v) {
		if (term->ranges[i].hi >= max)
			return false;
		*v = term->ranges[i].hi + 1;
	}
	return true;
}

/* Whether a number up to max meets all terms. */
static bool possible(const struct terms *terms, xs_u128 max)
{
	__u32 met = 0, i = 0;
	xs_u128 v = 0, before;

	while (met < terms->cnt) {
		before = v;
		if (!advance(&terms->t[i], max, &v))
			return false;
		/* Whoever moves v makes all the others be asked again. */
		met = v == before ? met + 1 : 1;
		i = i + 1 == terms->cnt ? 0 : i + 1;
	}
	return true;
}

static void add_term(struct terms *terms, struct term term)
{
	if (terms->cnt < CNT(terms->t))
		terms->t[terms->cnt++] = term;
}

static struct term match_term(const struct xs_match *match)
{
	return (struct term){ match->ranges, match->range_cnt, match->negate };
}

static void field_terms(struct terms *terms, const struct xs_rule *rule, enum xs_field field)
{
	for (__u32 i = 0; i < rule->match_cnt; i++)
		if (rule->matches[i].field == field)
			add_term(terms, match_term(&rule->matches[i]));
}

/* Rules that never hold */

enum why {
	WHY_NOT, /* it can hold */
	WHY_FIELD,
	WHY_IP,
	WHY_TYPE,
	WHY_TAG_TYPE,
	WHY_PROTO,
	WHY_FRAGMENT,
	WHY_LENGTH,
	WHY_PORTS,
};

/* A field whose own matches leave no value; XS_FIELD_MAX: there is none. */
static enum xs_field impossible_field(const struct xs_rule *rule)
{
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		enum xs_field field = rule->matches[i].field;
		struct terms terms = { .cnt = 0 };

		if (!xs_fields[field].bits || side_of(field) == PORT)
			add_term(&terms, match_term(&rule->matches[i]));
		else
			field_terms(&terms, rule, field);
		if (xs_fields[field].bits && !possible(&terms, xs_field_max(field)))
			return field;
	}
	return XS_FIELD_MAX;
}

/* What the rule asks of the L4 protocol. */
static void proto_terms(struct terms *terms, const struct xs_rule *rule)
{
	field_terms(terms, rule, XS_FIELD_meta_l4proto);
	field_terms(terms, rule, XS_FIELD_ip_protocol);
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct nature *nature = &natures[rule->matches[i].field];

		if (nature->protos)
			add_term(terms, (struct term){ nature->protos, nature->proto_cnt, false });
	}
}

static bool wants_l4(const struct xs_rule *rule)
{
	for (__u32 i = 0; i < rule->match_cnt; i++)
		if (natures[rule->matches[i].field].in_l4)
			return true;
	return false;
}

/* Whether the rule allows a frame of one of these kinds. */
static bool fragment_possible(const struct xs_rule *rule, struct term kinds)
{
	struct terms terms = { .cnt = 0 };

	field_terms(&terms, rule, XS_FIELD_meta_fragment);
	if (wants_l4(rule))
		add_term(&terms, TERM(not_later, false));
	add_term(&terms, kinds);
	return possible(&terms, XS_FRAGMENT_later);
}

/*
 * IPv6: either the fixed header names the L4 protocol, or it names a header that
 * is walked. Then the protocol is none of those, but behind a later fragment.
 */
static bool ip6_possible(const struct xs_rule *rule)
{
	struct terms direct = { .cnt = 0 }, first = { .cnt = 0 }, behind, later;

	proto_terms(&direct, rule);
	behind = later = direct;
	field_terms(&direct, rule, XS_FIELD_ip6_nexthdr);
	add_term(&direct, TERM(walked, true));
	if (possible(&direct, 255) && fragment_possible(rule, TERM(none_only, false)))
		return true;
	field_terms(&first, rule, XS_FIELD_ip6_nexthdr);
	add_term(&first, TERM(walked, false));
	if (!possible(&first, 255))
		return false;
	add_term(&behind, TERM(walked, true));
	return (possible(&behind, 255) && fragment_possible(rule, TERM(not_later, false))) ||
	       (possible(&later, 255) && fragment_possible(rule, TERM(later_only, false)));
}

static enum why why_not_type(const struct xs_rule *rule, __u8 shape)
{
	struct terms terms = { .cnt = 0 }, tags;

	field_terms(&terms, rule, XS_FIELD_ether_type);
	tags = terms;
	if (shape == OTHER)
		add_term(&terms, TERM(not_other_types, true));
	else
		add_term(&terms, shape == IP4 ? TERM(ip_type, false) : TERM(ip6_type, false));
	if (possible(&terms, 0xffff))
		return WHY_NOT;
	add_term(&tags, TERM(tag_types, false));
	return possible(&tags, 0xffff) ? WHY_TAG_TYPE : WHY_TYPE;
}

static bool length_possible(const struct xs_rule *rule, __u8 shape)
{
	__u32 least = 14 + (shape == IP4 ? 20 : shape == IP6 ? 40 : 0), tag = 0, l4 = 0;
	struct terms terms = { .cnt = 0 };
	struct xs_range from;

	for (__u32 i = 0; i < rule->match_cnt; i++) {
		enum xs_field field = rule->matches[i].field;

		if (field == XS_FIELD_vlan_id || field == XS_FIELD_vlan_pcp)
			tag = 4;
		if (natures[field].l4_bytes > l4)
			l4 = natures[field].l4_bytes;
	}
	field_terms(&terms, rule, XS_FIELD_meta_length);
	from = (struct xs_range){ least + tag + l4, 0xffffffff };
	add_term(&terms, (struct term){ &from, 1, false });
	return possible(&terms, 0xffffffff);
}

static enum why why_not_shape(const struct xs_rule *rule, __u8 shape)
{
	struct terms protos = { .cnt = 0 };
	enum why why = why_not_type(rule, shape);

	if (why)
		return why;
	proto_terms(&protos, rule);
	if (shape != OTHER && !possible(&protos, 255))
		return WHY_PROTO;
	if (shape != OTHER &&
	    !fragment_possible(rule, (struct term){ (struct xs_range[]){ { 0, 2 } }, 1, false }))
		return WHY_FRAGMENT;
	if (shape == IP6 && !ip6_possible(rule))
		return WHY_PROTO;
	return length_possible(rule, shape) ? WHY_NOT : WHY_LENGTH;
}

/* Whether one way of giving each `port` match a side leaves values on both. */
static bool ports_possible_as(const struct xs_rule *rule, __u32 sides)
{
	struct terms source = { .cnt = 0 }, destination = { .cnt = 0 };
	__u32 n = 0;

	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];
		enum side side = side_of(match->field);

		if (side == NO_PORT)
			continue;
		if (side == PORT && !match->negate)
			side = sides & (1U << n++) ? SPORT : DPORT;
		if (side != DPORT)
			add_term(&source, match_term(match));
		if (side != SPORT)
			add_term(&destination, match_term(match));
	}
	return possible(&source, 0xffff) && possible(&destination, 0xffff);
}

static bool ports_possible(const struct xs_rule *rule)
{
	__u32 ports = 0, either = 0;

	for (__u32 i = 0; i < rule->match_cnt; i++) {
		enum side side = side_of(rule->matches[i].field);

		ports += side != NO_PORT;
		either += side == PORT && !rule->matches[i].negate;
	}
	if (ports < 2 || either > 6)
		return true;
	for (__u32 sides = 0; sides < 1U << either; sides++)
		if (ports_possible_as(rule, sides))
			return true;
	return false;
}

static enum why why_never(const struct xs_rule *rule, enum xs_field *field)
{
	enum why why = WHY_IP;
	__u8 shapes = OTHER | IP4 | IP6;

	*field = impossible_field(rule);
	if (*field != XS_FIELD_MAX)
		return WHY_FIELD;
	for (__u32 i = 0; i < rule->match_cnt; i++)
		shapes &= natures[rule->matches[i].field].shapes;
	for (__u8 shape = OTHER; shape <= IP6; shape = (__u8)(shape << 1)) {
		enum why why_shape;

		if (!(shapes & shape))
			continue;
		why_shape = why_not_shape(rule, shape);
		if (!why_shape)
			return ports_possible(rule) ? WHY_NOT : WHY_PORTS;
		/* The one that failed last knows best what is wrong. */
		if (why_shape > why)
			why = why_shape;
	}
	return why;
}

/* Rules that an earlier one covers */

/*
 * One thing known of every frame that meets a rule: a match of it, or what
 * follows from one.
 */
struct fact {
	enum xs_field field;
	struct term term;
};

struct facts {
	struct fact f[8 * XS_RULE_MATCH_MAX];
	__u32 cnt;
	__u64 fields; /* that they are about, a bit each */
	__u8 prefix[XS_FIELD_MAX]; /* longest prefix that all values share */
	xs_u128 low[XS_FIELD_MAX]; /* a value with that prefix */
};

_Static_assert(XS_FIELD_MAX <= 64, "fields fit a mask");

/*
 * Earlier rules of one shape: the same fields, and in each a common prefix of
 * the same length. Whatever such a rule covers shares these prefixes, so one
 * probe of a hash finds it.
 */
struct shape {
	__u64 fields;
	__u8 prefix[XS_FIELD_MAX];
};

struct cover {
	const struct xs_ruleset *set;
	struct shape *shapes;
	__u32 shape_cnt;
	__u32 *heads; /* of chains, rule + 1; 0: empty */
	__u32 *nexts;
	__u64 *keys;
	__u32 mask;
	__u64 budget; /* comparisons left */
};

enum { ALIKE_MAX = 16 }; /* earlier rules compared per shape */

static __u32 bit_length(xs_u128 v)
{
	__u64 high = (__u64)(v >> 64), low = (__u64)v;

	if (high)
		return 128 - (__u32)__builtin_clzll(high);
	return low ? 64 - (__u32)__builtin_clzll(low) : 0;
}

/* The least and the largest value that the term allows; false: it allows none. */
static bool term_span(enum xs_field field, const struct term *term, struct xs_range *span)
{
	const struct xs_range *first = term->ranges, *last = term->ranges + term->cnt - 1;
	xs_u128 max = xs_field_max(field);

	*span = (struct xs_range){ 0, max };
	if (!term->cnt)
		return term->negate;
	if (!term->negate) {
		*span = (struct xs_range){ first->lo, last->hi };
		return true;
	}
	if (term->cnt == 1 && !first->lo && first->hi >= max)
		return false;
	if (!first->lo)
		span->lo = first->hi + 1;
	if (last->hi >= max)
		span->hi = last->lo - 1;
	return true;
}

static void add_fact(struct facts *facts, enum xs_field field, struct term term)
{
	bool known = facts->fields >> field & 1;
	struct xs_range span;
	__u8 prefix;

	if (facts->cnt == CNT(facts->f))
		return;
	facts->f[facts->cnt++] = (struct fact){ field, term };
	facts->fields |= 1ULL << field;
	if (!xs_fields[field].bits || !term_span(field, &term, &span))
		span = (struct xs_range){ 0, 0 };
	prefix = (__u8)(xs_fields[field].bits - bit_length(span.lo ^ span.hi));
	if (!known || prefix > facts->prefix[field]) {
		facts->prefix[field] = prefix;
		facts->low[field] = span.lo;
	}
}

static bool is_single(const struct term *term)
{
	return !term->negate && term->cnt == 1 && term->ranges[0].lo == term->ranges[0].hi;
}

static bool is_one(const struct term *term, __u32 value)
{
	return is_single(term) && term->ranges[0].lo == value;
}

static bool is_walked(xs_u128 nexthdr)
{
	__u32 i = first_from(walked, CNT(walked), nexthdr);

	return i < CNT(walked) && walked[i].lo <= nexthdr;
}

/* What the shapes that the rule allows say. */
static __u8 add_shape_facts(struct facts *facts, const struct xs_rule *rule)
{
	__u8 shapes = OTHER | IP4 | IP6;

	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];
		const struct term term = match_term(match);

		shapes &= natures[match->field].shapes;
		if (match->field == XS_FIELD_ether_type && is_one(&term, ETH_IP))
			shapes &= IP4;
		if (match->field == XS_FIELD_ether_type && is_one(&term, ETH_IP6))
			shapes &= IP6;
	}
	if (shapes == IP4)
		add_fact(facts, XS_FIELD_ether_type, TERM(ip_type, false));
	if (shapes == IP6)
		add_fact(facts, XS_FIELD_ether_type, TERM(ip6_type, false));
	return shapes;
}

/* What one protocol says. */
static void add_proto_facts(struct facts *facts, __u8 shapes, const struct term *proto)
{
	static const struct {
		__u32 value;
		enum xs_field alone;
		__u8 shapes;
	} alones[] = {
		{ TCP, XS_FIELD_tcp, IP4 | IP6 },   { UDP, XS_FIELD_udp, IP4 | IP6 },
		{ SCTP, XS_FIELD_sctp, IP4 | IP6 }, { ICMP, XS_FIELD_icmp, IP4 },
		{ ICMPV6, XS_FIELD_icmpv6, IP6 },
	};

	add_fact(facts, XS_FIELD_meta_l4proto, *proto);
	if (shapes == IP4)
		add_fact(facts, XS_FIELD_ip_protocol, *proto);
	for (__u32 i = 0; i < CNT(alones); i++)
		if (is_one(proto, alones[i].value) && !(shapes & ~alones[i].shapes))
			add_fact(facts, alones[i].alone, (struct term){ NULL, 0, false });
}

/* th sport of tcp is tcp sport, and the other way round; sport is port too. */
static void add_port_facts(struct facts *facts, const struct xs_match *match, __u64 fields)
{
	static const enum xs_field same[][4] = {
		{ XS_FIELD_th_sport, XS_FIELD_tcp_sport, XS_FIELD_udp_sport, XS_FIELD_sctp_sport },
		{ XS_FIELD_th_dport, XS_FIELD_tcp_dport, XS_FIELD_udp_dport, XS_FIELD_sctp_dport },
		{ XS_FIELD_th_port, XS_FIELD_tcp_port, XS_FIELD_udp_port, XS_FIELD_sctp_port },
	};
	static const enum xs_field alone[4] = { XS_FIELD_MAX, XS_FIELD_tcp, XS_FIELD_udp,
						XS_FIELD_sctp };
	const struct term term = match_term(match);
	enum side side = side_of(match->field);

	for (__u32 k = 0; k < 4; k++) {
		/* The port is of this protocol: by its name, or since the rule says so. */
		if (k && same[side - SPORT][k] != match->field && !(fields >> alone[k] & 1))
			continue;
		if (same[side - SPORT][k] != match->field)
			add_fact(facts, same[side - SPORT][k], term);
		if (side != PORT && !term.negate)
			add_fact(facts, same[PORT - SPORT][k], term);
	}
}

static void learn(struct facts *facts, const struct xs_rule *rule)
{
	__u8 shapes;

	facts->cnt = 0;
	facts->fields = 0;
	for (__u32 i = 0; i < rule->match_cnt; i++)
		add_fact(facts, rule->matches[i].field, match_term(&rule->matches[i]));
	shapes = add_shape_facts(facts, rule);
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];
		const struct nature *nature = &natures[match->field];
		const struct term term = match_term(match),
				  implied = { nature->protos, nature->proto_cnt, false };

		if (nature->protos)
			add_proto_facts(facts, shapes, &implied);
		if (match->field == XS_FIELD_ip_protocol || match->field == XS_FIELD_meta_l4proto)
			add_proto_facts(facts, shapes, &term);
		/* Not a header that is walked: then it is the L4 protocol itself. */
		if (match->field == XS_FIELD_ip6_nexthdr && is_single(&term) &&
		    !is_walked(term.ranges[0].lo))
			add_proto_facts(facts, IP6, &term);
		if (nature->in_l4)
			add_fact(facts, XS_FIELD_meta_fragment, TERM(not_later, false));
	}
	for (__u32 i = 0; i < rule->match_cnt; i++)
		if (side_of(rule->matches[i].field) != NO_PORT)
			add_port_facts(facts, &rule->matches[i], facts->fields);
}

/* Whether all of a (or with outside: nothing of it) is in b. */
static bool within(struct cover *cover, const struct xs_range *a, __u32 a_cnt,
		   const struct xs_range *b, __u32 b_cnt, bool outside)
{
	for (__u32 i = 0; i < a_cnt; i++) {
		__u32 k = first_from(b, b_cnt, a[i].lo);

		if (!cover->budget)
			return false;
		cover->budget--;
		if (outside ? k < b_cnt && b[k].lo <= a[i].hi
			    : k == b_cnt || b[k].lo > a[i].lo || b[k].hi < a[i].hi)
			return false;
	}
	return true;
}

/* Whether what is not in a, up to max, is all in b. */
static bool rest_within(struct cover *cover, const struct term *a, const struct xs_match *b,
			xs_u128 max)
{
	xs_u128 from = 0;

	for (__u32 i = 0; i <= a->cnt; i++) {
		struct xs_range gap = { from, i < a->cnt ? a->ranges[i].lo - 1 : max };
		bool empty = i < a->cnt ? a->ranges[i].lo == from : false;

		if (i == a->cnt && a->cnt && a->ranges[i - 1].hi == max)
			return true;
		if (!empty && !within(cover, &gap, 1, b->ranges, b->range_cnt, false))
			return false;
		if (i < a->cnt)
			from = a->ranges[i].hi + 1;
	}
	return true;
}

static bool implies(struct cover *cover, const struct fact *fact, const struct xs_match *match)
{
	const struct term *term = &fact->term;

	if (cover->budget)
		cover->budget--;
	if (fact->field != match->field)
		return false;
	if (!xs_fields[match->field].bits)
		return true;
	if (!term->negate && !match->negate)
		return within(cover, term->ranges, term->cnt, match->ranges, match->range_cnt,
			      false);
	if (term->negate && match->negate)
		return within(cover, match->ranges, match->range_cnt, term->ranges, term->cnt,
			      false);
	if (term->negate)
		return rest_within(cover, term, match, xs_field_max(match->field));
	/* That one port is among these says nothing against the other being among those. */
	if (side_of(match->field) == PORT)
		return false;
	return within(cover, term->ranges, term->cnt, match->ranges, match->range_cnt, true);
}

static bool covers(struct cover *cover, const struct xs_rule *earlier, const struct facts *facts)
{
	for (__u32 i = 0; i < earlier->match_cnt; i++) {
		bool implied = false;

		for (__u32 k = 0; k < facts->cnt && !implied; k++)
			implied = implies(cover, &facts->f[k], &earlier->matches[i]);
		if (!implied)
			return false;
	}
	return true;
}

static __u64 mix(__u64 hash, __u64 v)
{
	hash = (hash ^ v) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

/* The key of a value in each field of the shape, cut to the shape's prefixes. */
static __u64 shape_key(const struct cover *cover, const struct shape *shape,
		       const struct facts *facts)
{
	__u64 key = mix(1, (__u64)(shape - cover->shapes));

	for (__u64 fields = shape->fields; fields; fields &= fields - 1) {
		int field = __builtin_ctzll(fields);
		__u32 cut = xs_fields[field].bits - shape->prefix[field];
		xs_u128 v = cut < 128 ? facts->low[field] >> cut : 0;

		key = mix(mix(key, (__u64)v), (__u64)(v >> 64));
	}
	return key;
}

/* Whether values of these facts can lie within those of a rule of this shape. */
static bool fits(const struct shape *shape, const struct facts *facts)
{
	if (shape->fields & ~facts->fields)
		return false;
	for (__u64 fields = shape->fields; fields; fields &= fields - 1) {
		int field = __builtin_ctzll(fields);

		if (facts->prefix[field] < shape->prefix[field])
			return false;
	}
	return true;
}

/* The earlier rule that covers what has these facts; rule_cnt: none was found. */
static __u32 find_cover(struct cover *cover, const struct facts *facts)
{
	for (__u32 s = 0; s < cover->shape_cnt && cover->budget; s++) {
		const struct shape *shape = &cover->shapes[s];
		__u64 key;

		if (!fits(shape, facts))
			continue;
		key = shape_key(cover, shape, facts);
		for (__u32 at = cover->heads[key & cover->mask]; at; at = cover->nexts[at - 1])
			if (cover->keys[at - 1] == key &&
			    covers(cover, &cover->set->rules[at - 1], facts))
				return at - 1;
	}
	return cover->set->rule_cnt;
}

static struct shape *find_shape(struct cover *cover, const struct shape *want)
{
	for (__u32 i = 0; i < cover->shape_cnt; i++)
		if (cover->shapes[i].fields == want->fields &&
		    !memcmp(cover->shapes[i].prefix, want->prefix, sizeof(want->prefix)))
			return &cover->shapes[i];
	if (cover->shape_cnt == XS_WARN_SHAPES)
		return NULL;
	cover->shapes[cover->shape_cnt] = *want;
	return &cover->shapes[cover->shape_cnt++];
}

/* From now on rules are compared with this one too. */
static void remember(struct cover *cover, __u32 rule)
{
	const struct xs_rule *r = &cover->set->rules[rule];
	struct shape shape = { .fields = 0 }, *found;
	struct facts own;
	__u32 *head, alike = 0;
	__u64 key;

	own.cnt = 0;
	own.fields = 0;
	for (__u32 i = 0; i < r->match_cnt; i++)
		add_fact(&own, r->matches[i].field, match_term(&r->matches[i]));
	shape.fields = own.fields;
	for (__u64 fields = own.fields; fields; fields &= fields - 1)
		shape.prefix[__builtin_ctzll(fields)] = own.prefix[__builtin_ctzll(fields)];
	found = find_shape(cover, &shape);
	if (!found)
		return;
	key = shape_key(cover, found, &own);
	head = &cover->heads[key & cover->mask];
	for (__u32 at = *head; at; at = cover->nexts[at - 1])
		if (++alike == ALIKE_MAX)
			return;
	cover->keys[rule] = key;
	cover->nexts[rule] = *head;
	*head = rule + 1;
}

static void cover_free(struct cover *cover)
{
	free(cover->shapes);
	free(cover->heads);
	free(cover->nexts);
	free(cover->keys);
}

static int cover_init(struct cover *cover, const struct xs_ruleset *set)
{
	size_t slots = 16;

	while (slots < 2 * (size_t)set->rule_cnt)
		slots *= 2;
	*cover = (struct cover){ .set = set, .mask = (__u32)(slots - 1) };
	cover->budget = 5000000 + 500ULL * set->rule_cnt;
	cover->shapes = calloc(XS_WARN_SHAPES, sizeof(*cover->shapes));
	cover->heads = calloc(slots, sizeof(*cover->heads));
	cover->nexts = calloc(set->rule_cnt + 1, sizeof(*cover->nexts));
	cover->keys = calloc(set->rule_cnt + 1, sizeof(*cover->keys));
	if (cover->shapes && cover->heads && cover->nexts && cover->keys)
		return 0;
	cover_free(cover);
	return -ENOMEM;
}

/* The list */

static int __attribute__((format(printf, 3, 4)))
add_warning(struct xs_rule_warnings *out, __u32 rule, const char *fmt, ...)
{
	struct xs_rule_warning *warnings = out->warnings;
	char *message;
	va_list args;
	int n;

	/* A power of two is full. */
	if (!(out->cnt & (out->cnt - 1))) {
		warnings = reallocarray(warnings, out->cnt ? out->cnt * 2 : 1, sizeof(*warnings));
		if (!warnings)
			return -ENOMEM;
		out->warnings = warnings;
	}
	va_start(args, fmt);
	n = vasprintf(&message, fmt, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	warnings[out->cnt++] = (struct xs_rule_warning){ rule, message };
	return 0;
}

static int warn_never(struct xs_rule_warnings *out, __u32 rule, enum why why, enum xs_field field)
{
	switch (why) {
	case WHY_NOT:
		break;
	case WHY_FIELD:
		return add_warning(out, rule,
				   "never holds: no value of '%s' is what the rule asks for",
				   xs_fields[field].text);
	case WHY_IP:
		return add_warning(out, rule, "never holds: no frame is both IPv4 and IPv6");
	case WHY_TYPE:
		return add_warning(out, rule,
				   "never holds: 'ether type' contradicts the other matches");
	case WHY_TAG_TYPE:
		return add_warning(out, rule,
				   "never holds: 'ether type' is what follows the VLAN tags; for "
				   "tagged frames write 'vlan id 0-4095'");
	case WHY_PROTO:
		return add_warning(
			out, rule,
			"never holds: no frame has all the protocols that the rule asks for");
	case WHY_FRAGMENT:
		return add_warning(
			out, rule,
			"never holds: later fragments have no ports, flags, types and codes");
	case WHY_LENGTH:
		return add_warning(out, rule,
				   "never holds: frames of this 'meta length' are too short for "
				   "the other matches");
	case WHY_PORTS:
		return add_warning(out, rule, "never holds: its ports contradict each other");
	}
	return 0;
}

static int warn_covered(struct xs_rule_warnings *out, const struct xs_ruleset *set, __u32 rule,
			__u32 by)
{
	if (set->rules[by].file == set->rules[rule].file)
		return add_warning(out, rule, "never asked: the rule at line %u covers it whole",
				   set->rules[by].line);
	return add_warning(out, rule, "never asked: the rule at %s:%u covers it whole",
			   set->files[set->rules[by].file], set->rules[by].line);
}

int xs_rules_warn(const struct xs_ruleset *set, struct xs_rule_warnings *out)
{
	struct facts facts;
	struct cover cover;
	int err;

	err = cover_init(&cover, set);
	if (err)
		return err;
	for (__u32 i = 0; i < set->rule_cnt && !err; i++) {
		enum xs_field field;
		enum why why = why_never(&set->rules[i], &field);
		__u32 by;

		if (why) {
			err = warn_never(out, i, why, field);
			continue;
		}
		learn(&facts, &set->rules[i]);
		by = find_cover(&cover, &facts);
		if (by < set->rule_cnt)
			err = warn_covered(out, set, i, by);
		else
			remember(&cover, i);
	}
	cover_free(&cover);
	return err;
}

void xs_rule_warnings_free(struct xs_rule_warnings *warnings)
{
	for (__u32 i = 0; i < warnings->cnt; i++)
		free(warnings->warnings[i].message);
	free(warnings->warnings);
	memset(warnings, 0, sizeof(*warnings));
}
