/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The fields that a rule can match, one row for each: its words, its place in the key,
 * how its values are written, and which frames have it. All other code derives what it
 * needs about a match from here.
 */
#ifndef XS_RULE_FIELD_H
#define XS_RULE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "lib/base/ranges.h"
#include "maps/packet_key.h"

/*
 * What a rule can restrict: the numbers in a frame's key. The addresses are of the
 * rule's family. Every table entry compares the first five.
 */
enum xs_dim {
	XS_DIM_saddr,
	XS_DIM_daddr,
#define X(name, word, shift, bits) XS_DIM_##name,
	XS_KEY_FIELDS(X)
#undef X
		XS_DIM_MAX,
	XS_DIM_BOXED = XS_DIM_l4proto + 1,
	/* What a field may name instead of a dimension. */
	XS_DIM_port = XS_DIM_MAX, /* sport or dport */
	XS_DIM_nothing, /* only: the frame has the field */
};

/* The place of a dimension in the key, unless it is an address. */
struct xs_dim_place {
	__u8 word, shift, bits;
};

extern const struct xs_dim_place xs_dim_places[XS_DIM_MAX];

#define XS_FAMILY_BIT(family) (1U << (family))
#define XS_FAMILIES_IP (XS_FAMILY_BIT(XS_FAMILY_ipv4) | XS_FAMILY_BIT(XS_FAMILY_ipv6))
#define XS_FAMILIES_ALL (XS_FAMILIES_IP | XS_FAMILY_BIT(XS_FAMILY_none))

/* Number of bits of a dimension in frames of these families. */
__u32 xs_dim_bits(enum xs_dim dim, __u8 families);

/*
 * Every field is a number in host order. A rule matches a frame only if the frame has
 * the field.
 *
 *   name, text, bits, dimension, values: a row of field.c, header: likewise
 */
#define XS_FIELDS(X) \
	X(ether_saddr, "ether saddr", 48, ether_saddr, mac, frame) \
	X(ether_daddr, "ether daddr", 48, ether_daddr, mac, frame) \
	X(ether_type, "ether type", 16, ether_type, ether_type, frame) /* after the tags */ \
	X(vlan_id, "vlan id", 12, vlan_id, number, tag) /* outermost tag */ \
	X(vlan_pcp, "vlan pcp", 3, vlan_pcp, number, tag) \
	X(vlan_dei, "vlan dei", 1, vlan_dei, number, tag) \
	X(vlan_inner_id, "vlan inner id", 12, vlan_inner_id, number, second_tag) \
	X(vlan_inner_pcp, "vlan inner pcp", 3, vlan_inner_pcp, number, second_tag) \
	X(arp, "arp", 0, nothing, none, any_arp) \
	X(arp_operation, "arp operation", 16, sport, arp_operation, arp) \
	X(arp_htype, "arp htype", 16, dport, number, arp) \
	X(arp_hlen, "arp hlen", 8, l4_type, number, arp) \
	X(arp_plen, "arp plen", 8, l4_code, number, arp) \
	X(arp_saddr, "arp saddr ip", 32, arp_saddr, ipv4, arp_sender) \
	X(arp_daddr, "arp daddr ip", 32, arp_daddr, ipv4, arp_target) \
	X(ip_saddr, "ip saddr", 32, saddr, ipv4, ip4) \
	X(ip_daddr, "ip daddr", 32, daddr, ipv4, ip4) \
	X(ip_protocol, "ip protocol", 8, l4proto, protocol, ip4) \
	X(ip_dscp, "ip dscp", 6, dscp, dscp, ip4) \
	X(ip_ttl, "ip ttl", 8, ttl, number, ip4) \
	X(ip_ecn, "ip ecn", 2, ecn, ecn, ip4) \
	X(ip_length, "ip length", 16, ip_length, number, ip4) \
	X(ip_id, "ip id", 16, ip_id, number, ip4) \
	X(ip_frag_off, "ip frag-off", 16, ip_frag_off, number, ip4) /* with the flags */ \
	X(ip_hdrlength, "ip hdrlength", 4, ip_hdrlength, number, ip4) /* in words */ \
	X(ip6_saddr, "ip6 saddr", 128, saddr, ipv6, ip6) \
	X(ip6_daddr, "ip6 daddr", 128, daddr, ipv6, ip6) \
	X(ip6_nexthdr, "ip6 nexthdr", 8, nexthdr, protocol, ip6) /* of the fixed header */ \
	X(ip6_dscp, "ip6 dscp", 6, dscp, dscp, ip6) \
	X(ip6_hoplimit, "ip6 hoplimit", 8, ttl, number, ip6) \
	X(ip6_ecn, "ip6 ecn", 2, ecn, ecn, ip6) \
	X(ip6_flowlabel, "ip6 flowlabel", 20, flowlabel, number, ip6) \
	X(meta_l4proto, "meta l4proto", 8, l4proto, protocol, ip) \
	X(meta_nfproto, "meta nfproto", 16, ether_type, nfproto, ip) \
	X(meta_protocol, "meta protocol", 16, ether_type, ether_type, frame) /* as ether type */ \
	X(meta_fragment, "meta fragment", 2, fragment, fragment, ip) /* enum xs_fragment */ \
	X(meta_length, "meta length", 32, length, number, frame) \
	X(meta_rxqueue, "meta rxqueue", 32, rxqueue, number, frame) \
	X(tcp, "tcp", 0, nothing, none, any_tcp) /* protocol alone, fragments included */ \
	X(udp, "udp", 0, nothing, none, any_udp) \
	X(sctp, "sctp", 0, nothing, none, any_sctp) \
	X(dccp, "dccp", 0, nothing, none, any_dccp) \
	X(udplite, "udplite", 0, nothing, none, any_udplite) \
	X(icmp, "icmp", 0, nothing, none, any_icmp) /* in IPv4 */ \
	X(icmpv6, "icmpv6", 0, nothing, none, any_icmpv6) /* in IPv6 */ \
	X(tcp_sport, "tcp sport", 16, sport, port, tcp) \
	X(tcp_dport, "tcp dport", 16, dport, port, tcp) \
	X(tcp_port, "tcp port", 16, port, port, tcp) /* source or destination */ \
	X(udp_sport, "udp sport", 16, sport, port, udp) \
	X(udp_dport, "udp dport", 16, dport, port, udp) \
	X(udp_port, "udp port", 16, port, port, udp) \
	X(sctp_sport, "sctp sport", 16, sport, port, sctp) \
	X(sctp_dport, "sctp dport", 16, dport, port, sctp) \
	X(sctp_port, "sctp port", 16, port, port, sctp) \
	X(dccp_sport, "dccp sport", 16, sport, port, dccp) \
	X(dccp_dport, "dccp dport", 16, dport, port, dccp) \
	X(dccp_port, "dccp port", 16, port, port, dccp) \
	X(udplite_sport, "udplite sport", 16, sport, port, udplite) \
	X(udplite_dport, "udplite dport", 16, dport, port, udplite) \
	X(udplite_port, "udplite port", 16, port, port, udplite) \
	X(th_sport, "th sport", 16, sport, port, ports) /* tcp, udp, sctp, dccp, udplite */ \
	X(th_dport, "th dport", 16, dport, port, ports) \
	X(th_port, "th port", 16, port, port, ports) \
	X(tcp_flags, "tcp flags", 8, l4_type, flags, tcp) /* the byte; its matching values */ \
	X(icmp_type, "icmp type", 8, l4_type, icmp_type, icmp) \
	X(icmp_code, "icmp code", 8, l4_code, icmp_code, icmp) \
	X(icmpv6_type, "icmpv6 type", 8, l4_type, icmpv6_type, icmpv6) \
	X(icmpv6_code, "icmpv6 code", 8, l4_code, icmpv6_code, icmpv6) \
	X(vxlan_vni, "vxlan vni", 24, tunnel_id, number, vxlan) \
	X(geneve_vni, "geneve vni", 24, tunnel_id, number, geneve) \
	X(gre_key, "gre key", 32, tunnel_id, number, gre) \
	X(ct_state, "ct state", 2, ct_state, ct_state, connection) /* enum xs_ct_state */

enum xs_field {
#define X(name, ...) XS_FIELD_##name,
	XS_FIELDS(X)
#undef X
		XS_FIELD_MAX
};

enum xs_fragment {
	XS_FRAGMENT_none,
	XS_FRAGMENT_first, /* offset 0, more to come */
	XS_FRAGMENT_later,
};

/* How values of a field are written. */
enum xs_value_kind {
	XS_VALUE_NONE, /* a protocol alone */
	XS_VALUE_NUMBER,
	XS_VALUE_NAME, /* only by name: meta fragment */
	XS_VALUE_MAC,
	XS_VALUE_IPV4,
	XS_VALUE_IPV6,
	XS_VALUE_FLAGS,
};

/* The header that a field lies in, and therefore what the field says about the frame. */
struct xs_header_info {
	__u8 families; /* of frames that can have it, XS_FAMILY_BIT */
	__u8 tag_bytes; /* of the VLAN tags that it needs */
	__u8 l4_bytes; /* least bytes of L4 header that it needs; 0: none, so any fragment has it */
	struct xs_ranges protos; /* L4 protocols that have it; NULL: any */
	struct xs_ranges types; /* EtherTypes that have it; NULL: those of the families */
	struct xs_ranges dports; /* destination ports that have it; NULL: any */
};

struct xs_field_info {
	const char *text; /* "ip saddr" */
	__u32 bits; /* of the field; 0: it has no value */
	enum xs_dim dim;
	const struct xs_header_info *header;
	enum xs_value_kind kind;
	const char *names; /* of its values, see xs_name_next(); or NULL */
	const char *noun; /* for messages: "an IPv4 address"; NULL: it has no value */
};

/* Indexed by enum xs_field. */
extern const struct xs_field_info xs_fields[XS_FIELD_MAX];

/* The layout of sets that brought the field (maps/rule_set.h): older programs do not know it. */
__u32 xs_field_layout(enum xs_field field);

/* Largest value of the field as a number; all ones for addresses. */
xs_u128 xs_field_max(enum xs_field field);

/*
 * The field "FAMILY WORD", where WORD may be two; word_len 0: the protocol alone. XS_FIELD_MAX:
 * there is none.
 */
enum xs_field xs_field_find(const char *family, size_t family_len, const char *word,
			    size_t word_len);

/* Whether any field begins with this word. */
bool xs_is_family(const char *family, size_t family_len);

/* Whether a field is "FAMILY WORD" and a word more. */
bool xs_field_goes_on(const char *family, size_t family_len, const char *word, size_t word_len);

/* The name of a value; not NUL-terminated. */
struct xs_name {
	const char *name;
	size_t len;
	__u32 value;
};

/* Takes the next entry of a list of names and moves *names past it. False: there is none. */
bool xs_name_next(const char **names, struct xs_name *name);

/*
 * Looks up NAME (len bytes, no NUL) in a list, which may be NULL, and sets *value.
 * False: it is not there.
 */
bool xs_name_find(const char *names, const char *name, size_t len, __u32 *value);

#endif
