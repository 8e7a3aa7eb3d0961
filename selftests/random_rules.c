// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Random rule sets, as text and as what the text means. Knows the language from
 * docs/rules.md, nothing of parser or compiler.
 */
#include "random_rules.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 24
#define MATCHES_MAX 6
#define SPREAD_FROM 100 /* rules; fewer are wild, or crowded */
#define CROWDED_MAX 10 /* rules of a crowded set: each is many entries */

#define THESE RANDOM_THESE

static const struct {
	const char *text;
	__u32 bits;
} fields[XS_FIELD_MAX] = {
#define X(name, words, width, ...) [XS_FIELD_##name] = { words, width },
	XS_FIELDS(X)
#undef X
};

#define L2(kind_) \
	{ \
		.kind = RANDOM_##kind_ \
	}
#define L3(kind_, family_) \
	{ \
		.kind = RANDOM_##kind_, .family = family_ \
	}
#define L4(kind_, family_, protocol_) \
	{ \
		.kind = RANDOM_##kind_, .family = family_, .protocol = protocol_ \
	}

const struct random_trait random_traits[XS_FIELD_MAX] = {
	[XS_FIELD_ether_saddr] = L2(mac),
	[XS_FIELD_ether_daddr] = L2(mac),
	[XS_FIELD_ether_type] = L2(ethertype),
	[XS_FIELD_vlan_id] = L2(vlan),
	[XS_FIELD_vlan_pcp] = L2(small),
	[XS_FIELD_ip_saddr] = L3(ip4, 4),
	[XS_FIELD_ip_daddr] = L3(ip4, 4),
	[XS_FIELD_ip_protocol] = L3(protocol, 4),
	[XS_FIELD_ip_dscp] = L3(small, 4),
	[XS_FIELD_ip_ttl] = L3(ttl, 4),
	[XS_FIELD_ip6_saddr] = L3(ip6, 6),
	[XS_FIELD_ip6_daddr] = L3(ip6, 6),
	[XS_FIELD_ip6_nexthdr] = L3(protocol, 6),
	[XS_FIELD_ip6_dscp] = L3(small, 6),
	[XS_FIELD_ip6_hoplimit] = L3(ttl, 6),
	[XS_FIELD_meta_l4proto] = L2(protocol),
	[XS_FIELD_meta_nfproto] = L2(nfproto),
	[XS_FIELD_meta_protocol] = L2(ethertype),
	[XS_FIELD_dccp] = L4(none, 0, 33),
	[XS_FIELD_udplite] = L4(none, 0, 136),
	[XS_FIELD_dccp_sport] = L4(port, 0, 33),
	[XS_FIELD_dccp_dport] = L4(port, 0, 33),
	[XS_FIELD_dccp_port] = L4(port, 0, 33),
	[XS_FIELD_udplite_sport] = L4(port, 0, 136),
	[XS_FIELD_udplite_dport] = L4(port, 0, 136),
	[XS_FIELD_udplite_port] = L4(port, 0, 136),
	[XS_FIELD_meta_fragment] = L2(fragment),
	[XS_FIELD_meta_length] = L2(length),
	[XS_FIELD_meta_rxqueue] = L2(queue),
	[XS_FIELD_tcp] = L4(none, 0, 6),
	[XS_FIELD_udp] = L4(none, 0, 17),
	[XS_FIELD_sctp] = L4(none, 0, 132),
	[XS_FIELD_icmp] = L4(none, 4, 1),
	[XS_FIELD_icmpv6] = L4(none, 6, 58),
	[XS_FIELD_tcp_sport] = L4(port, 0, 6),
	[XS_FIELD_tcp_dport] = L4(port, 0, 6),
	[XS_FIELD_tcp_port] = L4(port, 0, 6),
	[XS_FIELD_udp_sport] = L4(port, 0, 17),
	[XS_FIELD_udp_dport] = L4(port, 0, 17),
	[XS_FIELD_udp_port] = L4(port, 0, 17),
	[XS_FIELD_sctp_sport] = L4(port, 0, 132),
	[XS_FIELD_sctp_dport] = L4(port, 0, 132),
	[XS_FIELD_sctp_port] = L4(port, 0, 132),
	[XS_FIELD_th_sport] = L4(port, 0, THESE),
	[XS_FIELD_th_dport] = L4(port, 0, THESE),
	[XS_FIELD_th_port] = L4(port, 0, THESE),
	[XS_FIELD_tcp_flags] = L4(flags, 0, 6),
	[XS_FIELD_icmp_type] = L4(icmp, 4, 1),
	[XS_FIELD_icmp_code] = L4(icmp, 4, 1),
	[XS_FIELD_icmpv6_type] = L4(icmp, 6, 58),
	[XS_FIELD_icmpv6_code] = L4(icmp, 6, 58),
};

/* Some of nft's names, where a number may be written so. */
static const struct {
	enum xs_field field;
	const char *name;
	__u32 value;
} names[] = {
	{ XS_FIELD_ether_type, "ip", 0x0800 },
	{ XS_FIELD_ether_type, "ip6", 0x86dd },
	{ XS_FIELD_ether_type, "arp", 0x0806 },
	{ XS_FIELD_ip_protocol, "tcp", 6 },
	{ XS_FIELD_ip_protocol, "udp", 17 },
	{ XS_FIELD_ip_protocol, "icmp", 1 },
	{ XS_FIELD_ip_protocol, "gre", 47 },
	{ XS_FIELD_ip6_nexthdr, "icmpv6", 58 },
	{ XS_FIELD_ip6_nexthdr, "esp", 50 },
	{ XS_FIELD_meta_l4proto, "tcp", 6 },
	{ XS_FIELD_meta_l4proto, "sctp", 132 },
	{ XS_FIELD_meta_l4proto, "dccp", 33 },
	{ XS_FIELD_meta_l4proto, "udplite", 136 },
	{ XS_FIELD_ip_dscp, "ef", 46 },
	{ XS_FIELD_ip_dscp, "cs1", 8 },
	{ XS_FIELD_ip6_dscp, "af11", 10 },
	{ XS_FIELD_icmp_type, "echo-request", 8 },
	{ XS_FIELD_icmp_type, "destination-unreachable", 3 },
	{ XS_FIELD_icmpv6_type, "echo-request", 128 },
	{ XS_FIELD_icmpv6_type, "nd-neighbor-solicit", 135 },
};

/* Whether values of the kind are names alone: no ranges, no other values. */
static bool is_named(enum random_kind kind)
{
	return kind == RANDOM_fragment || kind == RANDOM_nfproto;
}

static xs_u128 wide(struct rng *rng)
{
	return (xs_u128)rng_next(rng) << 64 | rng_next(rng);
}

static xs_u128 field_max(enum xs_field field)
{
	__u32 bits = fields[field].bits;

	if (field == XS_FIELD_meta_fragment)
		return XS_FRAGMENT_later;
	return bits == 128 ? ~(xs_u128)0 : ((xs_u128)1 << bits) - 1;
}

/* ---- the few values of a set ---- */

static xs_u128 pool_value(struct rng *rng, enum random_kind kind, xs_u128 base)
{
	static const __u16 ethertypes[] = { 0x0800, 0x86dd, 0x0806, 0x88b5, 0x8847, 0x8100, 0 };
	static const __u8 protocols[] = { 6,  17, 1,  58, 132, 33, 136, 47, 50,
					  51, 44, 60, 43, 0,   59, 253, 255 };
	static const __u16 ports[] = { 0, 22, 53, 80, 443, 1234, 8080, 32767, 32768, 65535 };
	static const __u16 vlans[] = { 0, 1, 100, 2047, 2048, 4094, 4095 };
	static const __u8 icmps[] = { 0, 3, 4, 8, 11, 128, 133, 135, 137, 254, 255 };
	static const __u8 ttls[] = { 0, 1, 63, 64, 128, 255 };

#define ONE_OF(list) list[rng_below(rng, sizeof(list) / sizeof(list[0]))]
	switch (kind) {
	case RANDOM_mac:
		return (base ^ rng_below(rng, 8)) & ((1ULL << 48) - 1);
	case RANDOM_ethertype:
		return rng_chance(rng, 90) ? ONE_OF(ethertypes) : rng_below(rng, 65536);
	case RANDOM_nfproto:
		return rng_chance(rng, 50) ? 0x0800 : 0x86dd;
	case RANDOM_vlan:
		return rng_chance(rng, 60) ? ONE_OF(vlans) : rng_below(rng, 4096);
	case RANDOM_small:
		return rng_below(rng, 64);
	case RANDOM_ip4:
		return (base ^ ((xs_u128)rng_below(rng, 4) << rng_below(rng, 31))) & 0xffffffff;
	case RANDOM_ip6:
		return base ^ ((xs_u128)rng_below(rng, 4) << rng_below(rng, 127));
	case RANDOM_protocol:
		return ONE_OF(protocols);
	case RANDOM_ttl:
		return rng_chance(rng, 60) ? ONE_OF(ttls) : rng_below(rng, 256);
	case RANDOM_fragment:
		return rng_below(rng, 3);
	case RANDOM_length:
		return rng_chance(rng, 90) ? 14 + rng_below(rng, 120) : rng_next(rng) & 0xffffffff;
	case RANDOM_queue:
		return rng_chance(rng, 90) ? rng_below(rng, 5) : rng_next(rng) & 0xffffffff;
	case RANDOM_port:
		return rng_chance(rng, 60) ? ONE_OF(ports) : rng_below(rng, 65536);
	case RANDOM_flags:
		return rng_below(rng, 256);
	case RANDOM_icmp:
		return ONE_OF(icmps);
	default:
		return 0;
	}
}

static void make_pool(struct random_set *set, struct rng *rng)
{
	for (int kind = 0; kind < RANDOM_KIND_MAX; kind++) {
		xs_u128 base = rng_chance(rng, 90) ? wide(rng) : -(xs_u128)rng_below(rng, 2);

		for (int i = 0; i < RANDOM_POOL; i++)
			set->pool[kind][i] = pool_value(rng, kind, base);
	}
}

/* ---- crowds: long lists of numbers that fields of all kinds share ---- */

/* Two of them in one rule are more combinations than the compiler multiplies out. */
#define CROWD_MIN 363

static void make_crowds(struct random_set *set, struct rng *rng)
{
	for (int c = 0; c < RANDOM_CROWDS; c++) {
		struct random_crowd *crowd = &set->crowd[c];
		__u32 value = rng_next(rng), step = 2 + rng_below(rng, 40);
		bool even = rng_chance(rng, 60);

		crowd->cnt = CROWD_MIN + rng_below(rng, RANDOM_CROWD - CROWD_MIN + 1);
		crowd->span = rng_chance(rng, 20) ? 1 + rng_below(rng, 4) : 0;
		crowd->upper = rng_chance(rng, 30);
		for (__u32 i = 0; i < crowd->cnt; i++)
			crowd->value[i] = even ? value + i * step : rng_next(rng);
	}
}

/* A member of a crowd as a value of the field: the same number wherever it fits. */
static xs_u128 crowd_value(const struct random_crowd *crowd, enum xs_field field, __u32 i)
{
	xs_u128 value = crowd->value[i];

	switch (random_traits[field].kind) {
	case RANDOM_ip6:
		return crowd->upper ? value << 64 : value;
	case RANDOM_length:
		return 14 + value % 1900;
	case RANDOM_queue:
		return value % 64;
	default:
		return value & field_max(field);
	}
}

/* Random bits in the part of an address, port or MAC that tells hosts apart. */
static xs_u128 spread_bits(struct rng *rng, enum random_kind kind)
{
	switch (kind) {
	case RANDOM_port:
		return rng_below(rng, 65536);
	case RANDOM_mac:
	case RANDOM_ip4:
		return rng_below(rng, 1 << 24);
	case RANDOM_ip6:
		return (xs_u128)rng_below(rng, 1 << 24) << (rng_chance(rng, 50) ? 64 : 0);
	default:
		return 0;
	}
}

xs_u128 random_draw(const struct random_set *set, struct rng *rng, enum xs_field field)
{
	enum random_kind kind = random_traits[field].kind;
	xs_u128 value = set->pool[kind][rng_below(rng, RANDOM_POOL)];

	if (set->crowded && !is_named(kind) && rng_chance(rng, 50)) {
		const struct random_crowd *crowd = &set->crowd[rng_below(rng, RANDOM_CROWDS)];

		return crowd_value(crowd, field, rng_below(rng, crowd->cnt));
	}
	if (set->spread)
		value ^= spread_bits(rng, kind);
	return value & field_max(field);
}

/* ---- text ---- */

/* Begins as zeroes; buf is malloc'ed, and ends with '\0' once something is said. */
struct text {
	char *buf;
	size_t len, room;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *t, const char *fmt, ...)
{
	va_list args;
	size_t len;

	for (;;) {
		va_start(args, fmt);
		len = vsnprintf(t->buf + t->len, t->room - t->len, fmt, args);
		va_end(args);
		if (t->len + len < t->room)
			break;
		t->room = 2 * (t->len + len) + 128;
		t->buf = realloc(t->buf, t->room);
		if (!t->buf)
			abort();
	}
	t->len += len;
}

static void say_address(struct text *t, int family, xs_u128 value)
{
	int bytes = family == AF_INET ? 4 : 16;
	char buf[INET6_ADDRSTRLEN];
	__u8 addr[16];

	for (int i = 0; i < bytes; i++)
		addr[i] = value >> 8 * (bytes - 1 - i);
	say(t, "%s", inet_ntop(family, addr, buf, sizeof(buf)));
}

static bool say_name(struct text *t, enum xs_field field, xs_u128 value)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].field != field || names[i].value != value)
			continue;
		say(t, "%s", names[i].name);
		return true;
	}
	return false;
}

static void say_value(struct text *t, struct rng *rng, enum xs_field field, xs_u128 value)
{
	static const char *const fragments[] = { "none", "first", "later" };

	switch (random_traits[field].kind) {
	case RANDOM_mac:
		say(t, "%02x:%02x:%02x:%02x:%02x:%02x", (__u8)(value >> 40), (__u8)(value >> 32),
		    (__u8)(value >> 24), (__u8)(value >> 16), (__u8)(value >> 8), (__u8)value);
		return;
	case RANDOM_ip4:
		say_address(t, AF_INET, value);
		return;
	case RANDOM_ip6:
		say_address(t, AF_INET6, value);
		return;
	case RANDOM_fragment:
		say(t, "%s", fragments[(int)value]);
		return;
	case RANDOM_nfproto:
		say(t, "%s", value == 0x0800 ? "ipv4" : "ipv6");
		return;
	default:
		if (rng_chance(rng, 50) && say_name(t, field, value))
			return;
		say(t, rng_chance(rng, 20) ? "0x%llx" : "%llu", (__u64)value);
	}
}

/* ---- matches ---- */

static void add_range(struct xs_match *match, xs_u128 lo, xs_u128 hi)
{
	match->ranges = realloc(match->ranges, (match->range_cnt + 1) * sizeof(*match->ranges));
	if (!match->ranges)
		abort();
	match->ranges[match->range_cnt++] = (struct xs_range){ lo, hi };
}

static void make_prefix(struct random_set *set, struct rng *rng, struct xs_match *match,
			struct text *t)
{
	__u32 bits = fields[match->field].bits;
	__u32 len = rng_chance(rng, 50) ? rng_below(rng, bits / 8 + 1) * 8
					: rng_below(rng, bits + 1);
	xs_u128 value = random_draw(set, rng, match->field), hosts = field_max(match->field);

	if (set->spread)
		len = bits - 8 * (set->pool[RANDOM_small][match->field % RANDOM_POOL] % 3);
	hosts = len ? hosts & (((xs_u128)1 << (bits - len)) - 1) : hosts;
	say_value(t, rng, match->field, value);
	say(t, "/%u", len);
	add_range(match, value & ~hosts, value | hosts);
}

static void make_range(struct random_set *set, struct rng *rng, struct xs_match *match,
		       struct text *t)
{
	xs_u128 max = field_max(match->field), a = random_draw(set, rng, match->field);
	xs_u128 b = random_draw(set, rng, match->field), lo = a < b ? a : b, hi = a < b ? b : a;

	if (set->spread || rng_chance(rng, 60)) {
		__u32 below = rng_below(rng, 4), above = rng_below(rng, 20);

		lo = a > below ? a - below : 0;
		hi = max - a > above ? a + above : max;
	} else if (rng_chance(rng, 20)) {
		lo = 0;
	} else if (rng_chance(rng, 20)) {
		hi = max;
	}
	say_value(t, rng, match->field, lo);
	say(t, "-");
	say_value(t, rng, match->field, hi);
	add_range(match, lo, hi);
}

static void make_item(struct random_set *set, struct rng *rng, struct xs_match *match,
		      struct text *t)
{
	enum random_kind kind = random_traits[match->field].kind;
	xs_u128 value;

	if ((kind == RANDOM_ip4 || kind == RANDOM_ip6) && rng_chance(rng, 50)) {
		make_prefix(set, rng, match, t);
	} else if (!is_named(kind) && rng_chance(rng, set->spread ? 1 : 30)) {
		make_range(set, rng, match, t);
	} else {
		value = random_draw(set, rng, match->field);
		say_value(t, rng, match->field, value);
		add_range(match, value, value);
	}
}

static void say_flags(struct text *t, __u32 flags, const char *between)
{
	static const char *const bits[] = {
		"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"
	};
	bool first = true;

	if (!flags)
		say(t, "0");
	for (int i = 0; i < 8; i++) {
		if (!(flags >> i & 1))
			continue;
		say(t, "%s%s", first ? "" : between, bits[i]);
		first = false;
	}
}

enum flag_form {
	FLAGS_ANY, /* A,B */
	FLAGS_NONE, /* ! A,B */
	FLAGS_SLASH, /* A,B / M,N */
	FLAGS_MASKED, /* & (M | N) == A | B */
	FLAGS_EXACT, /* == A | B */
	FLAGS_SET, /* { A | B, C } */
	FLAGS_FORMS
};

static void say_flag_match(struct text *t, enum flag_form form, bool negate, __u32 flags,
			   __u32 mask)
{
	const char *equals = negate					   ? "!= "
			     : form == FLAGS_MASKED || form == FLAGS_EXACT ? "== "
									   : "";

	if (form == FLAGS_MASKED) {
		say(t, "& (");
		say_flags(t, mask, " | ");
		say(t, ") ");
	}
	say(t, "%s", form == FLAGS_NONE ? "! " : form == FLAGS_ANY ? "" : equals);
	say(t, form == FLAGS_SET ? "{ " : "");
	say_flags(t, flags, form >= FLAGS_MASKED ? " | " : ",");
	if (form == FLAGS_SLASH) {
		say(t, " / ");
		say_flags(t, mask, ",");
	}
	if (form == FLAGS_SET) {
		say(t, ", ");
		say_flags(t, mask, "|");
		say(t, " }");
	}
}

static bool flag_byte_holds(enum flag_form form, __u32 byte, __u32 flags, __u32 mask)
{
	switch (form) {
	case FLAGS_ANY:
		return byte & flags;
	case FLAGS_NONE:
		return !(byte & flags);
	case FLAGS_SLASH:
	case FLAGS_MASKED:
		return (byte & mask) == flags;
	case FLAGS_EXACT:
		return byte == flags;
	default:
		return byte == flags || byte == mask;
	}
}

/* Each flags byte that holds becomes a range of its own. */
static void make_flags(struct rng *rng, struct xs_match *match, struct text *t)
{
	__u32 flags = 1 + rng_below(rng, 255), mask = flags | rng_below(rng, 256);
	enum flag_form form = rng_below(rng, FLAGS_FORMS);
	bool negate = form > FLAGS_NONE && rng_chance(rng, 20);

	if (rng_chance(rng, 50)) {
		flags &= 0x17;
		flags |= flags ? 0 : 2;
	}
	if (rng_chance(rng, 10))
		mask &= ~flags | 1; /* may be a match that nothing fulfils */
	mask |= mask ? 0 : 1;
	say_flag_match(t, form, negate, flags, mask);
	for (__u32 byte = 0; byte < 256; byte++)
		if (flag_byte_holds(form, byte, flags, mask) != negate)
			add_range(match, byte, byte);
}

/* FIELD < VALUE and its like. */
static void make_bound(struct random_set *set, struct rng *rng, struct xs_match *match,
		       struct text *t)
{
	static const char *const marks[] = { "<", "<=", ">", ">=" };
	xs_u128 value = random_draw(set, rng, match->field), max = field_max(match->field);
	__u32 mark = rng_below(rng, 4);

	say(t, "%s ", marks[mark]);
	say_value(t, rng, match->field, value);
	if (mark == 0 && value)
		add_range(match, 0, value - 1);
	else if (mark == 1)
		add_range(match, 0, value);
	else if (mark == 2 && value < max)
		add_range(match, value + 1, max);
	else if (mark == 3)
		add_range(match, value, max);
}

/* FIELD & MASK == VALUE: any mask of a byte, those of prefixes for what is wider. */
static void make_masked(struct random_set *set, struct rng *rng, struct xs_match *match,
			struct text *t)
{
	xs_u128 value = random_draw(set, rng, match->field), max = field_max(match->field);
	xs_u128 mask = max & wide(rng), hosts = ((xs_u128)1 << rng_below(rng, 16)) - 1;

	if (max > 255)
		mask = max & ~hosts;
	if (!rng_chance(rng, 5))
		value &= mask;
	match->negate = rng_chance(rng, 20);
	say(t, "& ");
	say_value(t, rng, match->field, mask);
	say(t, match->negate ? " != " : " == ");
	say_value(t, rng, match->field, value);
	if (max > 255 && !(value & ~mask))
		add_range(match, value, value | hosts);
	for (xs_u128 v = 0; max <= 255 && v <= max; v++)
		if ((v & mask) == value)
			add_range(match, v, v);
}

static void make_set(struct random_set *set, struct rng *rng, struct xs_match *match,
		     struct text *t)
{
	__u32 items = rng_chance(rng, 90) ? 1 + rng_below(rng, 5) : 1 + rng_below(rng, ITEMS_MAX);

	say(t, "{ ");
	for (__u32 i = 0; i < items; i++) {
		say(t, i ? ", " : "");
		make_item(set, rng, match, t);
	}
	say(t, " } ");
}

/* What was said of a value since `from` moves to a line of its own, "define vN = ...". */
static void make_define(struct random_set *set, struct text *t, size_t from)
{
	char *all;

	if (asprintf(&all, "%sdefine v%u = %s\n", set->defines ? set->defines : "", set->define_cnt,
		     t->buf + from) < 0)
		abort();
	free(set->defines);
	set->defines = all;
	t->len = from;
	say(t, "$v%u ", set->define_cnt++);
}

static void make_crowd_match(struct random_set *set, struct rng *rng, struct xs_match *match,
			     enum xs_field field, const struct random_crowd *crowd, struct text *t)
{
	xs_u128 max = field_max(field);
	size_t from;

	*match = (struct xs_match){ .field = field, .negate = rng_chance(rng, 8) };
	say(t, "%s %s", fields[field].text, match->negate ? "!= " : "");
	from = t->len;
	say(t, "{ ");
	for (__u32 i = 0; i < crowd->cnt; i++) {
		xs_u128 lo = crowd_value(crowd, field, i);
		xs_u128 hi = max - lo < crowd->span ? max : lo + crowd->span;

		say(t, i ? ", " : "");
		say_value(t, rng, field, lo);
		if (hi > lo) {
			say(t, "-");
			say_value(t, rng, field, hi);
		}
		add_range(match, lo, hi);
	}
	say(t, " } ");
	if (rng_chance(rng, 5))
		make_define(set, t, from);
}

static void make_match(struct random_set *set, struct rng *rng, struct xs_match *match,
		       enum xs_field field, struct text *t)
{
	size_t from;

	*match = (struct xs_match){ .field = field };
	say(t, "%s ", fields[field].text);
	if (random_traits[field].kind == RANDOM_none)
		return;
	if (random_traits[field].kind == RANDOM_flags) {
		make_flags(rng, match, t);
		say(t, " ");
		return;
	}
	if (!set->spread && !is_named(random_traits[field].kind) && rng_chance(rng, 8)) {
		(rng_chance(rng, 50) ? make_bound : make_masked)(set, rng, match, t);
		say(t, " ");
		return;
	}
	match->negate = rng_chance(rng, set->spread ? 0 : 18);
	if (match->negate)
		say(t, "!= ");
	else if (rng_chance(rng, 5))
		say(t, "== ");
	from = t->len;
	if (rng_chance(rng, set->spread ? 95 : 75)) {
		make_item(set, rng, match, t);
		say(t, " ");
	} else {
		make_set(set, rng, match, t);
	}
	if (!set->spread && rng_chance(rng, 5))
		make_define(set, t, from);
}

/* F . G { A . B }: what F A G B is. */
static void make_pair(struct random_set *set, struct rng *rng, struct xs_match *matches,
		      const enum xs_field *chosen, struct text *t)
{
	say(t, "%s . %s { ", fields[chosen[0]].text, fields[chosen[1]].text);
	for (int i = 0; i < 2; i++) {
		matches[i] = (struct xs_match){ .field = chosen[i] };
		say(t, i ? " . " : "");
		make_item(set, rng, &matches[i], t);
	}
	say(t, " } ");
}

static bool makes_pair(struct rng *rng, const enum xs_field *chosen, __u32 cnt)
{
	for (__u32 i = 0; i < 2 && i < cnt; i++)
		if (random_traits[chosen[i]].kind == RANDOM_none ||
		    random_traits[chosen[i]].kind == RANDOM_flags)
			return false;
	return cnt >= 2 && rng_chance(rng, 8);
}

/* ---- rules ---- */

static void make_else(struct rng *rng, struct xs_action *action, struct text *t)
{
	__u32 i = rng_below(rng, 3);

	if (i == 1)
		action->otherwise = XS_VERDICT_drop;
	if (i)
		say(t, " else %s", i == 1 ? "drop" : "pass");
}

static void make_action(const struct random_set *set, struct rng *rng, struct xs_action *action,
			char *name, struct text *t)
{
	const struct random_targets *targets = set->targets;
	__u32 i;

	*action = (struct xs_action){ .verdict = rng_below(rng, XS_VERDICT_MAX) };
	if (action->verdict == XS_VERDICT_cpu && !targets->cpu_cnt)
		action->verdict = XS_VERDICT_drop;
	if (action->verdict == XS_VERDICT_dev && !targets->dev_cnt)
		action->verdict = XS_VERDICT_tx;
	switch (action->verdict) {
	case XS_VERDICT_pass:
		say(t, rng_chance(rng, 30) ? "accept" : "pass");
		break;
	case XS_VERDICT_drop:
		say(t, "drop");
		break;
	case XS_VERDICT_tx:
		say(t, "tx");
		break;
	case XS_VERDICT_cpu:
		action->target = targets->cpus[rng_below(rng, targets->cpu_cnt)];
		say(t, "cpu %u", action->target);
		break;
	case XS_VERDICT_dev:
		i = rng_below(rng, targets->dev_cnt);
		action->target = targets->ifindexes[i];
		snprintf(name, XS_TARGET_NAME_MAX, "%s", targets->ifnames[i]);
		say(t, "dev %s", name);
		break;
	case XS_VERDICT_chain:
		action->own_slot = 1;
		i = rng_below(rng, XS_CHAIN_SLOTS);
		snprintf(name, XS_TARGET_NAME_MAX, "c%u", i);
		action->target = XS_CHAIN_BASE(i, targets->chain_slots);
		say(t, "chain %s", name);
		make_else(rng, action, t);
		break;
	case XS_VERDICT_xsk:
		say(t, "xsk");
		action->own_slot = rng_chance(rng, 60);
		if (!action->own_slot) {
			action->target = rng_below(rng, targets->slot_max + 1);
			say(t, " slot %u", action->target);
		}
		make_else(rng, action, t);
		break;
	}
}

/* Fields that can hold together, most of the time. */
static bool fits(struct rng *rng, enum xs_field field, __u32 family, __u32 protocol)
{
	const struct random_trait *f = &random_traits[field];

	if (rng_chance(rng, 4))
		return true;
	if (f->family && f->family != family)
		return false;
	if (f->protocol == THESE)
		return protocol == 6 || protocol == 17 || protocol == 132;
	return !f->protocol || f->protocol == protocol;
}

/* Any field not in the rule yet, or rarely one that is, that fits the others. */
static enum xs_field pick_field(struct rng *rng, const enum xs_field *have, __u32 cnt, __u32 family,
				__u32 protocol)
{
	for (;;) {
		enum xs_field field = rng_below(rng, XS_FIELD_MAX);
		bool again = false;

		for (__u32 i = 0; i < cnt; i++)
			again |= have[i] == field;
		if ((!again || rng_chance(rng, 5)) && fits(rng, field, family, protocol))
			return field;
	}
}

static void pick_fields(struct rng *rng, enum xs_field *have, __u32 cnt)
{
	static const __u8 protocols[] = { 6, 6, 6, 17, 17, 17, 132, 1, 58 };
	__u32 family = rng_chance(rng, 50) ? 4 : 6;
	__u32 protocol = protocols[rng_below(rng, sizeof(protocols))];

	for (__u32 i = 0; i < cnt; i++)
		have[i] = pick_field(rng, have, i, family, protocol);
}

static enum xs_field other_side(enum xs_field address)
{
	return address == XS_FIELD_ip_saddr    ? XS_FIELD_ip_daddr
	       : address == XS_FIELD_ip_daddr  ? XS_FIELD_ip_saddr
	       : address == XS_FIELD_ip6_saddr ? XS_FIELD_ip6_daddr
					       : XS_FIELD_ip6_saddr;
}

/* An address and a port each, so that rules of one shape differ, and up to three fields more. */
static void make_shapes(struct random_set *set, struct rng *rng)
{
	static const enum xs_field addresses[] = { XS_FIELD_ip_saddr, XS_FIELD_ip_daddr,
						   XS_FIELD_ip6_saddr, XS_FIELD_ip6_daddr };
	static const enum xs_field ports[] = { XS_FIELD_tcp_dport, XS_FIELD_udp_dport,
					       XS_FIELD_udp_sport, XS_FIELD_th_dport };

	for (__u32 i = 0; i < RANDOM_SHAPES; i++) {
		enum xs_field *shape = set->shapes[i];

		shape[0] = addresses[rng_below(rng, 4)];
		shape[1] = ports[rng_below(rng, 4)];
		set->shape_fields[i] = 2;
		if (rng_chance(rng, 50))
			shape[set->shape_fields[i]++] = other_side(shape[0]);
		if (rng_chance(rng, 30))
			shape[set->shape_fields[i]++] = XS_FIELD_vlan_id;
		if (rng_chance(rng, 20))
			shape[set->shape_fields[i]++] = XS_FIELD_meta_rxqueue;
	}
}

/*
 * Two addresses or ports with a crowd each, so that the longer one becomes a
 * condition, and perhaps a field of another width. How many.
 */
static __u32 pick_crowd_fields(struct rng *rng, enum xs_field *have)
{
	static const enum xs_field boxed[2][6] = {
		{ XS_FIELD_ip_saddr, XS_FIELD_ip_daddr, XS_FIELD_tcp_sport, XS_FIELD_tcp_dport,
		  XS_FIELD_th_sport, XS_FIELD_th_dport },
		{ XS_FIELD_ip6_saddr, XS_FIELD_ip6_daddr, XS_FIELD_tcp_sport, XS_FIELD_tcp_dport,
		  XS_FIELD_th_sport, XS_FIELD_th_dport },
	};
	static const enum xs_field rest[2][9] = {
		{ XS_FIELD_ip_ttl, XS_FIELD_ip_dscp, XS_FIELD_ip_protocol, XS_FIELD_vlan_id,
		  XS_FIELD_meta_rxqueue, XS_FIELD_ether_saddr, XS_FIELD_ether_daddr,
		  XS_FIELD_meta_length, XS_FIELD_tcp_port },
		{ XS_FIELD_ip6_hoplimit, XS_FIELD_ip6_dscp, XS_FIELD_ip6_nexthdr, XS_FIELD_vlan_id,
		  XS_FIELD_meta_rxqueue, XS_FIELD_ether_saddr, XS_FIELD_ether_daddr,
		  XS_FIELD_meta_length, XS_FIELD_th_port },
	};
	__u32 family = rng_below(rng, 2), first = rng_below(rng, 6);

	have[0] = boxed[family][first];
	have[1] = boxed[family][(first + 1 + rng_below(rng, 5)) % 6];
	if (rng_chance(rng, 70))
		return 2;
	have[2] = rest[family][rng_below(rng, 9)];
	return 3;
}

/* Prefixes of many lengths, or such ranges: combinations of more shapes than tables. */
static void make_shapes_match(struct rng *rng, struct xs_match *match, enum xs_field field,
			      struct text *t)
{
	__u32 bits = fields[field].bits, cnt = 10 + rng_below(rng, 10);

	*match = (struct xs_match){ .field = field };
	say(t, "%s { ", fields[field].text);
	for (__u32 i = 0; i < cnt; i++) {
		__u32 len = 8 + rng_below(rng, bits - 7);
		xs_u128 hosts = ((xs_u128)1 << (bits - len)) - 1;
		xs_u128 lo = wide(rng) & field_max(field) & ~hosts;

		say(t, i ? ", " : "");
		say_value(t, rng, field, lo);
		if (bits > 16) {
			say(t, "/%u", len);
		} else if (hosts) {
			say(t, "-");
			say_value(t, rng, field, lo | hosts);
		}
		add_range(match, lo, lo | hosts);
	}
	say(t, " } ");
}

/* The crowded matches of a rule; how many. */
static __u32 make_crowded(struct random_set *set, struct rng *rng, struct xs_match *matches,
			  struct text *t)
{
	__u32 of = rng_below(rng, RANDOM_CROWDS), cnt;
	enum xs_field have[3];

	if (rng_chance(rng, 15)) {
		have[0] = rng_chance(rng, 50) ? XS_FIELD_ip_saddr : XS_FIELD_ip6_daddr;
		have[1] = other_side(have[0]);
		have[2] = rng_chance(rng, 50) ? XS_FIELD_tcp_dport : XS_FIELD_udp_sport;
		for (cnt = 0; cnt < 3; cnt++)
			make_shapes_match(rng, &matches[cnt], have[cnt], t);
		return cnt;
	}
	cnt = pick_crowd_fields(rng, have);
	for (__u32 i = 0; i < cnt; i++)
		make_crowd_match(set, rng, &matches[i], have[i],
				 &set->crowd[(of + i) % RANDOM_CROWDS], t);
	return cnt;
}

static void make_rule(struct random_set *set, struct rng *rng, struct xs_rule *rule)
{
	__u32 cnt = rng_below(rng, MATCHES_MAX), shape = rng_below(rng, RANDOM_SHAPES);
	enum xs_field wild[MATCHES_MAX], *chosen = wild;
	struct text t = { .len = 0 };

	*rule = (struct xs_rule){ .matches = calloc(MATCHES_MAX, sizeof(*rule->matches)) };
	if (!rule->matches)
		abort();
	if (!cnt && rng_chance(rng, 90)) /* a rule for every frame hides those behind it */
		cnt = 1 + rng_below(rng, MATCHES_MAX - 1);
	if (set->spread) {
		chosen = set->shapes[shape];
		cnt = set->shape_fields[shape];
	} else if (set->crowded && rng_chance(rng, 70)) {
		rule->match_cnt = make_crowded(set, rng, rule->matches, &t);
		cnt = rng_below(rng, 2);
		pick_fields(rng, chosen, cnt);
	} else {
		pick_fields(rng, chosen, cnt);
	}
	if (makes_pair(rng, chosen, cnt)) {
		make_pair(set, rng, &rule->matches[rule->match_cnt], chosen, &t);
		rule->match_cnt += 2;
		chosen += 2;
		cnt -= 2;
	}
	for (__u32 i = 0; i < cnt; i++)
		make_match(set, rng, &rule->matches[rule->match_cnt++], chosen[i], &t);
	if (rng_chance(rng, 5))
		say(&t, rng_chance(rng, 50) ? "counter " : "counter packets 0 bytes 0 ");
	make_action(set, rng, &rule->action, rule->target_name, &t);
	if (rng_chance(rng, 5))
		say(&t, ";");
	else if (rng_chance(rng, 5))
		say(&t, " comment \"a # in a comment\"");
	rule->text = t.buf;
}

static __u32 rule_count(struct rng *rng)
{
	__u32 of = rng_below(rng, 100);

	if (of < 40)
		return rng_below(rng, 6);
	if (of < 80)
		return 6 + rng_below(rng, 30);
	if (of < 94)
		return 36 + rng_below(rng, SPREAD_FROM - 36);
	return SPREAD_FROM + rng_below(rng, of < 99 ? 500 : 4000);
}

void random_set_make(struct random_set *set, struct rng *rng, const struct random_targets *targets,
		     __u32 rule_cnt)
{
	struct xs_ruleset *rules = &set->rules;
	struct text t = { .len = 0 };

	memset(set, 0, sizeof(*set));
	set->targets = targets;
	make_pool(set, rng);
	rules->default_action = (struct xs_action){ .verdict = XS_VERDICT_xsk, .own_slot = 1 };
	if (rng_chance(rng, 60)) {
		say(&t, "default ");
		make_action(set, rng, &rules->default_action, rules->default_target_name, &t);
		rules->default_text = t.buf;
	}
	if (rng_chance(rng, 40)) {
		bool drop = rng_chance(rng, 60);

		rules->malformed_action.verdict = drop ? XS_VERDICT_drop : XS_VERDICT_pass;
		rules->malformed_text = strdup(drop ? "malformed drop" : "malformed pass");
	}
	rules->rule_cnt = rule_cnt ? rule_cnt : rule_count(rng);
	set->spread = rules->rule_cnt >= SPREAD_FROM;
	set->crowded = !set->spread && rng_chance(rng, 4);
	if (set->crowded && rules->rule_cnt > CROWDED_MAX)
		rules->rule_cnt = CROWDED_MAX;
	if (set->crowded)
		make_crowds(set, rng);
	make_shapes(set, rng);
	rules->rules = calloc(rules->rule_cnt + 1, sizeof(*rules->rules));
	if (!rules->rules)
		abort();
	for (__u32 i = 0; i < rules->rule_cnt; i++)
		make_rule(set, rng, &rules->rules[i]);
}

void random_rule_free(struct xs_rule *rule)
{
	for (__u32 i = 0; i < rule->match_cnt; i++)
		free(rule->matches[i].ranges);
	free(rule->matches);
	free(rule->text);
}

void random_set_free(struct random_set *set)
{
	for (__u32 i = 0; i < set->rules.rule_cnt; i++)
		random_rule_free(&set->rules.rules[i]);
	free(set->rules.rules);
	free(set->rules.default_text);
	free(set->rules.malformed_text);
	free(set->defines);
	memset(set, 0, sizeof(*set));
}

char *random_set_text(const struct random_set *set)
{
	const struct xs_ruleset *rules = &set->rules;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	if (set->defines)
		fputs(set->defines, out);
	if (rules->default_text)
		fprintf(out, "%s\n", rules->default_text);
	for (__u32 i = 0; i < rules->rule_cnt; i++)
		fprintf(out, "%s\n", rules->rules[i].text);
	if (rules->malformed_text)
		fprintf(out, "%s\n", rules->malformed_text);
	fclose(out);
	return text;
}
