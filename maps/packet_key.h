/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A frame's fields as ten 64-bit words. The data path extracts them from a frame; the
 * rule compiler hashes and compares them. Host order, most significant first, so that a
 * prefix of a field is a mask of leading bits.
 *
 *   addr[0]  IPv6 source, upper half; or IPv4 source << 32 | destination
 *   addr[1]  IPv6 source, lower half; or IPv4 length, id, fragment word, header length
 *   addr[2]  IPv6 destination, upper half
 *   addr[3]  IPv6 destination, lower half
 *   l4       ports, L4 protocol, fragment, flags or type, code, ECN; of ARP its operation,
 *            hardware type, lengths, as source and destination port, type, code
 *   ether_s  source MAC, EtherType after the VLAN tags
 *   ether_d  destination MAC, outermost VLAN id and DEI
 *   misc     queue, length, TTL, DSCP, next header, VLAN priority
 *   inner    second VLAN tag; of IPv6 the flow label, of ARP the target's address
 *   tunnel   what tells tunnels of one kind apart; of ARP the sender's address
 *
 * The last two are there only if rules ask for one of their fields (XS_SET_INNER).
 *
 * If the frame does not have a field, its value is a marker above the field's range,
 * where one is defined. For other fields the family or the protocol tells.
 */
#ifndef XSTEER_PACKET_KEY_H
#define XSTEER_PACKET_KEY_H

#include <linux/types.h>

enum xs_family { XS_FAMILY_none, XS_FAMILY_ipv4, XS_FAMILY_ipv6, XS_FAMILY_MAX };

enum xs_key_word {
	XS_KEY_addr0,
	XS_KEY_addr1,
	XS_KEY_addr2,
	XS_KEY_addr3,
	XS_KEY_l4,
	XS_KEY_ether_s,
	XS_KEY_ether_d,
	XS_KEY_misc,
	XS_KEY_inner,
	XS_KEY_tunnel,
	XS_KEY_WORDS
};

/* name, word, lowest bit, bits */
#define XS_KEY_FIELDS(X) \
	X(sport, l4, 47, 17) \
	X(dport, l4, 30, 17) \
	X(l4proto, l4, 22, 8) \
	X(fragment, l4, 20, 2) \
	X(l4_type, l4, 11, 9) /* TCP flags, ICMP type, ICMPv6 type */ \
	X(l4_code, l4, 2, 9) /* ICMP code, ICMPv6 code */ \
	X(ecn, l4, 0, 2) /* of IPv4 and IPv6 */ \
	X(ip_length, addr1, 48, 16) /* this one and the next three: of IPv4 alone */ \
	X(ip_id, addr1, 32, 16) \
	X(ip_frag_off, addr1, 16, 16) /* with the flags */ \
	X(ip_hdrlength, addr1, 0, 4) \
	X(ether_saddr, ether_s, 16, 48) \
	X(ether_type, ether_s, 0, 16) \
	X(ether_daddr, ether_d, 16, 48) \
	X(vlan_id, ether_d, 0, 13) \
	X(vlan_dei, ether_d, 13, 2) \
	X(rxqueue, misc, 48, 16) \
	X(length, misc, 27, 21) \
	X(ttl, misc, 19, 8) \
	X(dscp, misc, 13, 6) \
	X(nexthdr, misc, 5, 8) /* of the fixed IPv6 header */ \
	X(vlan_pcp, misc, 0, 4) \
	X(vlan_inner_id, inner, 0, 13) \
	X(vlan_inner_pcp, inner, 13, 4) \
	X(flowlabel, inner, 17, 20) /* of IPv6 */ \
	X(arp_daddr, inner, 17, 33) /* this one and the next: of ARP, with IPv4 */ \
	X(arp_saddr, tunnel, 0, 33) \
	X(tunnel_id, tunnel, 0, 33) /* VNI of VXLAN, Geneve; key of GRE */ \
	X(ct_state, tunnel, 33, 3) /* enum xs_ct_state: what the kernel says, not the frame */

enum {
#define X(name, word, shift, bits) \
	XS_KEY_##name##_word = XS_KEY_##word, XS_KEY_##name##_shift = (shift), \
	XS_KEY_##name##_bits = (bits),
	XS_KEY_FIELDS(X)
#undef X
};

/* Same values as enum xs_fragment of user/lib/rules/model/rule.h. */
#define XS_KEY_FRAGMENT_NONE 0ULL
#define XS_KEY_FRAGMENT_FIRST 1ULL
#define XS_KEY_FRAGMENT_LATER 2ULL

/* State of a frame's connection in the kernel's table. */
enum xs_ct_state { XS_CT_STATE_new, XS_CT_STATE_established, XS_CT_STATE_related, XS_CT_STATE_MAX };

/* Markers for a field that is not there. */
#define XS_KEY_NO_PORT 0x10000ULL
#define XS_KEY_NO_TYPE 0x100ULL /* also for the code */
#define XS_KEY_NO_VLAN 0x1000ULL
#define XS_KEY_NO_DEI 0x2ULL
#define XS_KEY_NO_PCP 0x8ULL
#define XS_KEY_NO_ARP_ADDR 0x100000000ULL
#define XS_KEY_NO_TUNNEL 0x100000000ULL
#define XS_KEY_NO_CT_STATE 0x4ULL

/* UDP ports by which tunnels are told. */
#define XS_PORT_VXLAN 4789
#define XS_PORT_GENEVE 6081

/* Linux has no queue numbers or frame lengths this large. Larger numbers saturate. */
#define XS_KEY_QUEUE_MAX 0xffffULL
#define XS_KEY_LENGTH_MAX 0x1fffffULL

#define XS_KEY(name, value) ((__u64)(value) << XS_KEY_##name##_shift)

/* The l4 word of a frame in which nothing after the protocol can be read. */
#define XS_KEY_L4_NONE \
	(XS_KEY(sport, XS_KEY_NO_PORT) | XS_KEY(dport, XS_KEY_NO_PORT) | \
	 XS_KEY(l4_type, XS_KEY_NO_TYPE) | XS_KEY(l4_code, XS_KEY_NO_TYPE))

#endif
