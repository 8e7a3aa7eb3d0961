// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Values of fields for random rules, and their text; see random_parts.h. */
#include "random_parts.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const struct random_field random_fields[XS_FIELD_MAX] = {
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
	[XS_FIELD_vlan_dei] = L2(small),
	[XS_FIELD_vlan_inner_id] = L2(vlan),
	[XS_FIELD_vlan_inner_pcp] = L2(small),
	[XS_FIELD_arp] = L3(none, RANDOM_ARP),
	[XS_FIELD_arp_saddr] = L3(ip4, RANDOM_ARP),
	[XS_FIELD_arp_daddr] = L3(ip4, RANDOM_ARP),
	[XS_FIELD_ip6_flowlabel] = L3(id, 6),
	[XS_FIELD_vxlan_vni] = L4(id, 0, 17),
	[XS_FIELD_geneve_vni] = L4(id, 0, 17),
	[XS_FIELD_gre_key] = L4(id, 0, 47),
	[XS_FIELD_ct_state] = L2(ct_state),
	[XS_FIELD_arp_operation] = L3(arp_op, RANDOM_ARP),
	[XS_FIELD_arp_htype] = L3(arp_op, RANDOM_ARP),
	[XS_FIELD_arp_hlen] = L3(small, RANDOM_ARP),
	[XS_FIELD_arp_plen] = L3(small, RANDOM_ARP),
	[XS_FIELD_ip_ecn] = L3(small, 4),
	[XS_FIELD_ip_length] = L3(length, 4),
	[XS_FIELD_ip_id] = L3(word, 4),
	[XS_FIELD_ip_frag_off] = L3(word, 4),
	[XS_FIELD_ip_hdrlength] = L3(small, 4),
	[XS_FIELD_ip6_ecn] = L3(small, 6),
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
	[XS_FIELD_th_sport] = L4(port, 0, RANDOM_THESE),
	[XS_FIELD_th_dport] = L4(port, 0, RANDOM_THESE),
	[XS_FIELD_th_port] = L4(port, 0, RANDOM_THESE),
	[XS_FIELD_tcp_flags] = L4(flags, 0, 6),
	[XS_FIELD_icmp_type] = L4(icmp, 4, 1),
	[XS_FIELD_icmp_code] = L4(icmp, 4, 1),
	[XS_FIELD_icmpv6_type] = L4(icmp, 6, 58),
	[XS_FIELD_icmpv6_code] = L4(icmp, 6, 58),
};

/* Some of nft's names, which may stand for a number. */
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
	{ XS_FIELD_ip_ecn, "ce", 3 },
	{ XS_FIELD_ip6_ecn, "ect0", 2 },
	{ XS_FIELD_arp_operation, "reply", 2 },
	{ XS_FIELD_icmp_type, "echo-request", 8 },
	{ XS_FIELD_icmp_type, "destination-unreachable", 3 },
	{ XS_FIELD_icmpv6_type, "echo-request", 128 },
	{ XS_FIELD_icmpv6_type, "nd-neighbor-solicit", 135 },
};

/* Whether values of the kind are names alone: no ranges, no other values. */
bool random_is_named(enum random_kind kind)
{
	return kind == RANDOM_fragment || kind == RANDOM_nfproto || kind == RANDOM_ct_state;
}

xs_u128 random_wide(struct rng *rng)
{
	return (xs_u128)rng_next(rng) << 64 | rng_next(rng);
}

xs_u128 random_field_max(enum xs_field field)
{
	__u32 bits = random_fields[field].bits;

	if (field == XS_FIELD_meta_fragment)
		return XS_FRAGMENT_later;
	if (field == XS_FIELD_ct_state)
		return 3; /* no mask may make another state of one */
	return bits == 128 ? ~(xs_u128)0 : ((xs_u128)1 << bits) - 1;
}

/* ---- the few values of a set ---- */

static xs_u128 pool_value(struct rng *rng, enum random_kind kind, xs_u128 base)
{
	static const __u16 ethertypes[] = { 0x0800, 0x86dd, 0x0806, 0x88b5, 0x8847, 0x8100, 0 };
	static const __u8 protocols[] = { 6,  17, 1,  58, 132, 33, 136, 47, 50,
					  51, 44, 60, 43, 0,   59, 253, 255 };
	static const __u16 ports[] = { 0, 22, 53, 80, 443, 1234, 4789, 6081, 32767, 32768, 65535 };
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
	case RANDOM_ct_state:
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
	case RANDOM_word:
		return rng_chance(rng, 50) ? 1u << rng_below(rng, 16) : rng_below(rng, 65536);
	case RANDOM_id:
		return rng_chance(rng, 50) ? 1u << rng_below(rng, 32) : rng_next(rng) & 0xffffffff;
	case RANDOM_arp_op:
		return rng_chance(rng, 80) ? 1 + rng_below(rng, 4) : rng_below(rng, 65536);
	default:
		return 0;
	}
}

void random_pool_make(struct random_set *set, struct rng *rng)
{
	for (int kind = 0; kind < RANDOM_KIND_MAX; kind++) {
		xs_u128 base = rng_chance(rng, 90) ? random_wide(rng) : -(xs_u128)rng_below(rng, 2);

		for (int i = 0; i < RANDOM_POOL; i++)
			set->pool[kind][i] = pool_value(rng, kind, base);
	}
}

/* ---- crowds: long lists of numbers that fields of all kinds share ---- */

/* Two of them in one rule make more combinations than the compiler multiplies out. */
#define CROWD_MIN 363

void random_crowds_make(struct random_set *set, struct rng *rng)
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
xs_u128 random_crowd_value(const struct random_crowd *crowd, enum xs_field field, __u32 i)
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
		return value & random_field_max(field);
	}
}

/* Random bits in the part of an address, port or MAC by which hosts differ. */
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

	if (set->crowded && !random_is_named(kind) && rng_chance(rng, 50)) {
		const struct random_crowd *crowd = &set->crowd[rng_below(rng, RANDOM_CROWDS)];

		return random_crowd_value(crowd, field, rng_below(rng, crowd->cnt));
	}
	if (set->spread)
		value ^= spread_bits(rng, kind);
	return value & random_field_max(field);
}

/* ---- text ---- */

void random_say(struct random_text *t, const char *fmt, ...)
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

static void say_address(struct random_text *t, int family, xs_u128 value)
{
	int bytes = family == AF_INET ? 4 : 16;
	char buf[INET6_ADDRSTRLEN];
	__u8 addr[16];

	for (int i = 0; i < bytes; i++)
		addr[i] = value >> 8 * (bytes - 1 - i);
	random_say(t, "%s", inet_ntop(family, addr, buf, sizeof(buf)));
}

static bool say_name(struct random_text *t, enum xs_field field, xs_u128 value)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].field != field || names[i].value != value)
			continue;
		random_say(t, "%s", names[i].name);
		return true;
	}
	return false;
}

void random_say_value(struct random_text *t, struct rng *rng, enum xs_field field, xs_u128 value)
{
	static const char *const fragments[] = { "none", "first", "later" };
	static const char *const ct_states[] = { "new", "established", "related" };

	switch (random_traits[field].kind) {
	case RANDOM_mac:
		random_say(t, "%02x:%02x:%02x:%02x:%02x:%02x", (__u8)(value >> 40),
			   (__u8)(value >> 32), (__u8)(value >> 24), (__u8)(value >> 16),
			   (__u8)(value >> 8), (__u8)value);
		return;
	case RANDOM_ip4:
		say_address(t, AF_INET, value);
		return;
	case RANDOM_ip6:
		say_address(t, AF_INET6, value);
		return;
	case RANDOM_fragment:
		random_say(t, "%s", fragments[(int)value]);
		return;
	case RANDOM_ct_state:
		random_say(t, "%s", ct_states[(int)value]);
		return;
	case RANDOM_nfproto:
		random_say(t, "%s", value == 0x0800 ? "ipv4" : "ipv6");
		return;
	default:
		if (rng_chance(rng, 50) && say_name(t, field, value))
			return;
		random_say(t, rng_chance(rng, 20) ? "0x%llx" : "%llu", (__u64)value);
	}
}
