/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a rule file means, after parsing: the one model that the parser fills
 * and that printer, compiler, and explain read. Pure data; nothing here opens,
 * prints or knows the kernel.
 */
#ifndef XS_RULE_H
#define XS_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "lib/base/ranges.h"
#include "maps/xsteer.h"

/* Limits of a rule set. They hold what can sensibly be written by hand or by a generator. */
#define XS_RULE_CNT_MAX 1000000
#define XS_RULE_MATCH_MAX 64 /* matches of one rule */
#define XS_RULE_COMMENT_MAX 255 /* bytes of a comment "..." */
#define XS_RULE_INDEX_MAX 65535 /* largest slot, CPU number */

/*
 * What a match looks at. Every field is a number in host order; a rule holds
 * for a frame only if the frame has the field.
 *
 *   name, text, bits, holds for
 */
#define XS_FIELDS(X) \
	X(ether_saddr, "ether saddr", 48) \
	X(ether_daddr, "ether daddr", 48) \
	X(ether_type, "ether type", 16) /* after the VLAN tags */ \
	X(vlan_id, "vlan id", 12) /* outermost tag */ \
	X(vlan_pcp, "vlan pcp", 3) \
	X(ip_saddr, "ip saddr", 32) \
	X(ip_daddr, "ip daddr", 32) \
	X(ip_protocol, "ip protocol", 8) \
	X(ip_dscp, "ip dscp", 6) \
	X(ip_ttl, "ip ttl", 8) \
	X(ip6_saddr, "ip6 saddr", 128) \
	X(ip6_daddr, "ip6 daddr", 128) \
	X(ip6_nexthdr, "ip6 nexthdr", 8) /* of the fixed header */ \
	X(ip6_dscp, "ip6 dscp", 6) \
	X(ip6_hoplimit, "ip6 hoplimit", 8) \
	X(meta_l4proto, "meta l4proto", 8) \
	X(meta_fragment, "meta fragment", 2) /* enum xs_fragment */ \
	X(meta_length, "meta length", 32) \
	X(meta_rxqueue, "meta rxqueue", 32) \
	X(tcp, "tcp", 0) /* protocol alone, fragments included; no value */ \
	X(udp, "udp", 0) \
	X(sctp, "sctp", 0) \
	X(icmp, "icmp", 0) /* in IPv4 */ \
	X(icmpv6, "icmpv6", 0) /* in IPv6 */ \
	X(tcp_sport, "tcp sport", 16) \
	X(tcp_dport, "tcp dport", 16) \
	X(tcp_port, "tcp port", 16) /* either */ \
	X(udp_sport, "udp sport", 16) \
	X(udp_dport, "udp dport", 16) \
	X(udp_port, "udp port", 16) \
	X(sctp_sport, "sctp sport", 16) \
	X(sctp_dport, "sctp dport", 16) \
	X(sctp_port, "sctp port", 16) \
	X(th_sport, "th sport", 16) /* tcp, udp, sctp, dccp, udplite */ \
	X(th_dport, "th dport", 16) \
	X(th_port, "th port", 16) \
	X(tcp_flags, "tcp flags", 8) /* the flags byte; its values that hold */ \
	X(icmp_type, "icmp type", 8) \
	X(icmp_code, "icmp code", 8) \
	X(icmpv6_type, "icmpv6 type", 8) \
	X(icmpv6_code, "icmpv6 code", 8)

enum xs_field {
#define X(name, text, bits) XS_FIELD_##name,
	XS_FIELDS(X)
#undef X
		XS_FIELD_MAX
};

enum xs_fragment {
	XS_FRAGMENT_none,
	XS_FRAGMENT_first, /* offset 0, more to come */
	XS_FRAGMENT_later,
};

/*
 * One match. `ranges` are the values named, sorted, disjoint, not adjacent;
 * empty for a protocol alone. `negate`: the field is there and is none of them;
 * for a port of either side: neither is. A prefix, a set, `tcp flags` with or
 * without a mask: all have become ranges (flags: of the 8-bit flags byte, with
 * != already applied, so negate is false).
 */
struct xs_match {
	enum xs_field field;
	bool negate;
	__u32 range_cnt;
	struct xs_range *ranges;
};

struct xs_rule {
	struct xs_match *matches; /* all must hold; in the order written */
	__u32 match_cnt;
	struct xs_action action; /* dev: target is 0 until resolved from ifname */
	char ifname[16]; /* dev: the name as written */
	__u32 line; /* 1-based, in `file` */
	__u32 file; /* index into xs_ruleset.files */
	char *text; /* canonical: tokens joined by one space, $names replaced */
	char *comment; /* or NULL */
};

/* A whole file, with what it includes. Owns everything it points to. */
struct xs_ruleset {
	struct xs_rule *rules;
	__u32 rule_cnt;
	char **files; /* [0]: the file named, or "-" */
	__u32 file_cnt;
	struct xs_action default_action; /* xsk else pass unless said */
	struct xs_action malformed_action; /* pass unless said */
	char default_ifname[16]; /* default dev NAME */
	char *default_text; /* e.g. "default xsk else pass"; NULL: not said */
	char *malformed_text;
};

#endif
