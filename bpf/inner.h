/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads the fields of a frame that few rules ask for: two words of the key. Only frames that
 * parse_packet() has understood come here, and only if the set asks for one of these fields.
 *
 * What the frame or the IP packet in it does not hold whole is not there, and is no error.
 *
 * Functions of their own, since a packet whose address is passed on would lie in memory for
 * all of the program, and not in registers.
 */
#ifndef XSTEER_INNER_H
#define XSTEER_INNER_H

#include "packet.h"

#define SECOND_TAG (ETH_HLEN + sizeof(struct xs_vlan_tag))
#define ARP_SADDR 14 /* from the header's start, after a hardware address of 6 bytes */
#define ARP_DADDR 24
#define UDP_BYTES 8
#define VNI 4 /* of VXLAN and Geneve: 3 bytes, from here on */
#define TUNNEL_BYTES 8 /* their headers, without Geneve's options */

/* The first 16 bits of a GRE header. */
#define GRE_CHECKSUM 0x8000U /* a checksum and 2 bytes more come before the key ... */
#define GRE_ROUTING 0x4000U /* ... and so they do with this one */
#define GRE_KEY 0x2000U
#define GRE_VERSION 0x7U

/* The four bytes at an offset as a number; false: the frame does not hold them. */
static __always_inline bool read_word(struct xdp_md *ctx, __u64 at, __u64 *word)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__be32 copy;

	at &= 0xffff;
	if (data + at + sizeof(copy) <= end) {
		*word = bpf_ntohl(*(__be32 *)(data + at));
		return true;
	}
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_xdp_load_bytes) ||
	    bpf_xdp_load_bytes(ctx, at, &copy, sizeof(copy)))
		return false;
	*word = bpf_ntohl(copy);
	return true;
}

static __always_inline bool is_type(__u64 ether_s, __u32 type)
{
	return (ether_s & 0xffff) == type;
}

/* Second tag; flow label or ARP's target. `ether_s` as in the key. */
static __noinline __u64 inner_word(struct xdp_md *ctx, __u64 where, __u64 ether_s)
{
	__u64 l3 = XS_WHERE_L3(where), word;
	__u64 inner = XS_KEY(vlan_inner_id, XS_KEY_NO_VLAN) | XS_KEY(vlan_inner_pcp, XS_KEY_NO_PCP);

	if (!ctx)
		return 0;
	if (l3 >= SECOND_TAG + sizeof(struct xs_vlan_tag) && read_word(ctx, SECOND_TAG, &word))
		inner = XS_KEY(vlan_inner_id, word >> 16 & 0xfff) |
			XS_KEY(vlan_inner_pcp, word >> 29);
	if (is_type(ether_s, ETH_P_IPV6) && read_word(ctx, l3, &word))
		return inner | XS_KEY(flowlabel, word & 0xfffff);
	if (!is_type(ether_s, ETH_P_ARP))
		return inner;
	if (!read_word(ctx, l3 + ARP_DADDR, &word))
		word = XS_KEY_NO_ARP_ADDR;
	return inner | XS_KEY(arp_daddr, word);
}

/* The key of a GRE header of version 0. */
static __always_inline __u64 gre_key(struct xdp_md *ctx, __u64 l4, __u64 ip_end)
{
	__u64 word, flags, at = l4 + 4;

	if (l4 + 8 > ip_end || !read_word(ctx, l4, &word))
		return XS_KEY_NO_TUNNEL;
	flags = word >> 16;
	if (!(flags & GRE_KEY) || flags & GRE_VERSION)
		return XS_KEY_NO_TUNNEL;
	if (flags & (GRE_CHECKSUM | GRE_ROUTING))
		at += 4;
	if (at + 4 > ip_end || !read_word(ctx, at, &word))
		return XS_KEY_NO_TUNNEL;
	return word;
}

/* VNI or key of a tunnel; ARP's sender. `l4_word` as in the key. */
static __noinline __u64 tunnel_word(struct xdp_md *ctx, __u64 where, __u64 ether_s, __u64 l4_word)
{
	__u64 l4 = XS_WHERE_L4(where), ip_end = XS_WHERE_IP_END(where), word;
	__u32 proto = l4_word >> XS_KEY_l4proto_shift & 0xff;
	__u32 dport = l4_word >> XS_KEY_dport_shift & (XS_KEY_NO_PORT | 0xffff);

	if (!ctx)
		return 0;
	if (is_type(ether_s, ETH_P_ARP)) {
		if (!read_word(ctx, XS_WHERE_L3(where) + ARP_SADDR, &word))
			word = XS_KEY_NO_ARP_ADDR;
		return XS_KEY(arp_saddr, word);
	}
	word = XS_KEY_NO_TUNNEL;
	if (!is_type(ether_s, ETH_P_IP) && !is_type(ether_s, ETH_P_IPV6))
		return word;
	if (proto == IPPROTO_UDP && (dport == XS_PORT_VXLAN || dport == XS_PORT_GENEVE)) {
		if (l4 + UDP_BYTES + TUNNEL_BYTES > ip_end ||
		    !read_word(ctx, l4 + UDP_BYTES + VNI, &word))
			return XS_KEY_NO_TUNNEL;
		return XS_KEY(tunnel_id, word >> 8);
	}
	if (proto == IPPROTO_GRE && (l4_word >> XS_KEY_fragment_shift & 3) != XS_KEY_FRAGMENT_LATER)
		word = gre_key(ctx, l4, ip_end);
	return XS_KEY(tunnel_id, word);
}

#endif
