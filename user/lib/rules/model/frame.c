// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A frame that a rule is about; see frame.h. */
#include <string.h>

#include <linux/if_ether.h>
#include <netinet/in.h>

#include "frame.h"

#define NO_MATCH XS_FIELD_MAX
#define L4_BYTES 20 /* a TCP header, the longest we write */

struct draw {
	const struct xs_rule *rule;
	__u64 state;
};

/* SplitMix64: a sequence that looks random and can be repeated. */
static __u64 next(struct draw *draw)
{
	__u64 z = draw->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static const struct xs_match *find(const struct draw *draw, enum xs_field field)
{
	for (__u32 i = 0; i < draw->rule->match_cnt; i++)
		if (draw->rule->matches[i].field == field)
			return &draw->rule->matches[i];
	return NULL;
}

static bool has(const struct draw *draw, enum xs_field first, enum xs_field last)
{
	for (__u32 i = 0; i < draw->rule->match_cnt; i++)
		if (draw->rule->matches[i].field >= first && draw->rule->matches[i].field <= last)
			return true;
	return false;
}

static xs_u128 within(struct draw *draw, const struct xs_range *range)
{
	xs_u128 span = range->hi - range->lo + 1;
	xs_u128 value = (xs_u128)next(draw) << 64 | next(draw);

	return span ? range->lo + value % span : value;
}

/* A value that the match takes, or `otherwise` where the rule does not care. */
static xs_u128 pick(struct draw *draw, enum xs_field field, xs_u128 otherwise)
{
	const struct xs_match *match = field == NO_MATCH ? NULL : find(draw, field);

	if (!match || !match->range_cnt)
		return otherwise;
	if (!match->negate)
		return within(draw, &match->ranges[next(draw) % match->range_cnt]);
	/* below the first range, or else above it: ranges are not adjacent */
	if (match->ranges[0].lo)
		return match->ranges[0].lo - 1;
	return match->ranges[0].hi + 1;
}

static unsigned char *put(unsigned char *at, xs_u128 value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--) {
		at[i] = (unsigned char)value;
		value >>= 8;
	}
	return at + bytes;
}

static __u32 l4_proto(struct draw *draw, bool ipv6)
{
	if (has(draw, XS_FIELD_tcp_sport, XS_FIELD_tcp_port) || find(draw, XS_FIELD_tcp) ||
	    find(draw, XS_FIELD_tcp_flags))
		return IPPROTO_TCP;
	if (has(draw, XS_FIELD_sctp_sport, XS_FIELD_sctp_port) || find(draw, XS_FIELD_sctp))
		return IPPROTO_SCTP;
	if (find(draw, XS_FIELD_icmp) || has(draw, XS_FIELD_icmp_type, XS_FIELD_icmp_code))
		return IPPROTO_ICMP;
	if (find(draw, XS_FIELD_icmpv6) || has(draw, XS_FIELD_icmpv6_type, XS_FIELD_icmpv6_code))
		return IPPROTO_ICMPV6;
	return (__u32)pick(
		draw, XS_FIELD_meta_l4proto,
		pick(draw, ipv6 ? XS_FIELD_ip6_nexthdr : XS_FIELD_ip_protocol, IPPROTO_UDP));
}

static __u32 port(struct draw *draw, bool source)
{
	static const enum xs_field fields[2][4] = {
		{ XS_FIELD_tcp_dport, XS_FIELD_udp_dport, XS_FIELD_sctp_dport, XS_FIELD_th_dport },
		{ XS_FIELD_tcp_sport, XS_FIELD_udp_sport, XS_FIELD_sctp_sport, XS_FIELD_th_sport },
	};
	static const enum xs_field either[4] = { XS_FIELD_tcp_port, XS_FIELD_udp_port,
						 XS_FIELD_sctp_port, XS_FIELD_th_port };
	__u32 value = 1024 + next(draw) % 64512;

	for (int i = 0; i < 4; i++) {
		if (find(draw, fields[source][i]))
			return (__u32)pick(draw, fields[source][i], value);
		if (!source)
			value = (__u32)pick(draw, either[i], value);
	}
	return value;
}

static unsigned char *put_l4(struct draw *draw, unsigned char *at, __u32 proto)
{
	memset(at, 0, L4_BYTES);
	switch (proto) {
	case IPPROTO_ICMP:
		at[0] = (unsigned char)pick(draw, XS_FIELD_icmp_type, 8);
		at[1] = (unsigned char)pick(draw, XS_FIELD_icmp_code, 0);
		break;
	case IPPROTO_ICMPV6:
		at[0] = (unsigned char)pick(draw, XS_FIELD_icmpv6_type, 128);
		at[1] = (unsigned char)pick(draw, XS_FIELD_icmpv6_code, 0);
		break;
	case IPPROTO_TCP:
		at[12] = 5 << 4;
		at[13] = (unsigned char)pick(draw, XS_FIELD_tcp_flags, 0x10);
		/* fallthrough */
	default:
		put(at, port(draw, true), 2);
		put(at + 2, port(draw, false), 2);
	}
	return at + L4_BYTES;
}

static unsigned char *put_ipv4(struct draw *draw, unsigned char *at, const unsigned char *end)
{
	__u32 proto = l4_proto(draw, false);
	__u32 fragment = (__u32)pick(draw, XS_FIELD_meta_fragment, XS_FRAGMENT_none);
	__u32 offset = fragment == XS_FRAGMENT_first   ? 0x2000
		       : fragment == XS_FRAGMENT_later ? 0x0001
						       : 0;

	at[0] = 0x45;
	at[1] = (unsigned char)(pick(draw, XS_FIELD_ip_dscp, 0) << 2);
	put(at + 2, end - at, 2);
	put(at + 6, offset, 2);
	at[8] = (unsigned char)pick(draw, XS_FIELD_ip_ttl, 64);
	at[9] = (unsigned char)proto;
	put(at + 12, pick(draw, XS_FIELD_ip_saddr, 0x0a000000 | (next(draw) & 0xffffff)), 4);
	put(at + 16, pick(draw, XS_FIELD_ip_daddr, 0x0a000000 | (next(draw) & 0xffffff)), 4);
	return put_l4(draw, at + 20, proto);
}

static unsigned char *put_ipv6(struct draw *draw, unsigned char *at, const unsigned char *end)
{
	const xs_u128 net = (xs_u128)0x20010db8 << 96;
	__u32 proto = l4_proto(draw, true);
	__u32 traffic_class = (__u32)pick(draw, XS_FIELD_ip6_dscp, 0) << 2;

	put(at, 6U << 28 | traffic_class << 20, 4);
	put(at + 4, end - at - 40, 2);
	at[6] = (unsigned char)proto;
	at[7] = (unsigned char)pick(draw, XS_FIELD_ip6_hoplimit, 64);
	put(at + 8, pick(draw, XS_FIELD_ip6_saddr, net | next(draw)), 16);
	put(at + 24, pick(draw, XS_FIELD_ip6_daddr, net | next(draw)), 16);
	return put_l4(draw, at + 40, proto);
}

static unsigned char *put_ethernet(struct draw *draw, unsigned char *at, __u32 ether_type)
{
	at = put(at, pick(draw, XS_FIELD_ether_daddr, 0x020000000001ULL), ETH_ALEN);
	at = put(at, pick(draw, XS_FIELD_ether_saddr, 0x020000000002ULL), ETH_ALEN);
	if (has(draw, XS_FIELD_vlan_id, XS_FIELD_vlan_pcp)) {
		at = put(at, ETH_P_8021Q, 2);
		at = put(at,
			 pick(draw, XS_FIELD_vlan_pcp, 0) << 13 | pick(draw, XS_FIELD_vlan_id, 1),
			 2);
	}
	return put(at, ether_type, 2);
}

static __u32 ether_type_of(struct draw *draw)
{
	if (has(draw, XS_FIELD_ip6_saddr, XS_FIELD_ip6_hoplimit) || find(draw, XS_FIELD_icmpv6) ||
	    has(draw, XS_FIELD_icmpv6_type, XS_FIELD_icmpv6_code))
		return ETH_P_IPV6;
	return (__u32)pick(draw, XS_FIELD_ether_type, ETH_P_IP);
}

size_t xs_rule_frame(const struct xs_rule *rule, __u64 seed,
		     unsigned char frame[XS_RULE_FRAME_BYTES])
{
	struct draw draw = { .rule = rule, .state = seed };
	__u32 ether_type = ether_type_of(&draw);
	xs_u128 wanted = pick(&draw, XS_FIELD_meta_length, 98);
	const unsigned char *end;
	unsigned char *at;

	/* shorter than its headers it would be malformed, and no rule's */
	if (wanted < 98)
		wanted = 98;
	if (wanted > XS_RULE_FRAME_BYTES)
		wanted = XS_RULE_FRAME_BYTES;
	memset(frame, 0, XS_RULE_FRAME_BYTES);
	end = frame + (size_t)wanted;
	at = put_ethernet(&draw, frame, ether_type);
	if (ether_type == ETH_P_IP)
		put_ipv4(&draw, at, end);
	else if (ether_type == ETH_P_IPV6)
		put_ipv6(&draw, at, end);
	return (size_t)wanted;
}
