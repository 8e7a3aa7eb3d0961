/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parses the bytes of a frame into struct xs_packet. Knows no rule and touches no map.
 *
 * What lies behind the IP packet's end is padding. A header that reaches into it is cut short,
 * since the receiver's kernel would not read it either. A frame in several buffers is first parsed within its first buffer. Only if
 * that fails is it parsed again, through the helper that copies from any buffer.
 */
#ifndef XSTEER_PACKET_H
#define XSTEER_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_core_read.h>

#include "../maps/xsteer.h"
#include "../maps/packet_key.h"

/* For `xsteer-rules explain`. In an attached program these cost nothing. */
const volatile bool explaining;
const volatile __u32 explain_queue;

/*
 * Whether the program has limits, dynamic sets and the fields of inner.h. The basic one
 * (basic.bpf.c) does not. A loop in it is walked by the verifier step by step, so little else
 * has room.
 */
#ifdef XS_BASIC
#define XS_REMEMBERING false
#else
#define XS_REMEMBERING true
#endif

/* Enough for all headers before L4 at their longest. The verifier's own limit is 0xffff. */
#define XS_HEADERS_MAX 0x7fff

/* The properties of a frame that rules and counters need. */
struct xs_packet {
	__u64 key[XS_KEY_WORDS]; /* packet_key.h; meaningless if malformed */
	__u32 family; /* enum xs_family; likewise */
	__u32 length; /* bytes, starting at the Ethernet header, in all buffers */
	__u32 rxqueue;
	__u32 pad;
	__u64 zero; /* 0, which the verifier does not know */
	__u64 where; /* XS_WHERE; not in the basic program */
};

/* Offsets of the header after the tags, of that after IP, and of the IP packet's end. */
#define XS_WHERE(l3, l4, ip_end) ((__u64)(l3) | (__u64)(l4) << 16 | (__u64)(ip_end) << 32)
#define XS_WHERE_L3(where) ((where)&XS_HEADERS_MAX)
#define XS_WHERE_L4(where) ((where) >> 16 & XS_HEADERS_MAX)
#define XS_WHERE_IP_END(where) ((where) >> 32)

/* The start of the next header. `linear` is a constant wherever it is used. */
struct xs_cursor {
	struct xdp_md *ctx;
	void *data, *end; /* of the first buffer */
	__u64 at;
	__u64 ip_end; /* of the IP packet, from the same start as `at` */
	bool linear; /* true: read in place; false: copy */
};

struct xs_vlan_tag {
	__be16 tci;
	__be16 proto; /* EtherType after the tag */
};

struct xs_ipv6_ext {
	__u8 next;
	__u8 len;
	__be16 fragment; /* fragment header: offset << 3, two reserved bits, M */
	__u8 rest[4];
};

struct xs_l4_start {
	union {
		__be32 ports;
		struct {
			__u8 type, code;
		};
	};
	__u8 middle[8];
	__u8 doff; /* TCP: in the upper half */
	__u8 flags;
	__u8 end[6];
};

/*
 * The header at the cursor, or NULL if the frame ends within its first `bytes`. It is
 * either read in place or copied to `copy`; one pointer for both is forbidden by the
 * verifier.
 */
static __always_inline void *header_at(const struct xs_cursor *cur, void *copy, __u32 bytes)
{
	void *here = cur->data + cur->at;

	if (cur->linear)
		return here + bytes <= cur->end ? here : NULL;
	return bpf_xdp_load_bytes(cur->ctx, cur->at, copy, bytes) ? NULL : copy;
}

/* Likewise for a header within the IP packet. */
static __always_inline void *ip_header_at(const struct xs_cursor *cur, void *copy, __u32 bytes)
{
	return cur->at + bytes <= cur->ip_end ? header_at(cur, copy, bytes) : NULL;
}

/*
 * Makes the verifier forget what it knows about a value. Otherwise it walks all
 * following code once for every way to get there. `zero` is 0, which the verifier does
 * not know.
 */
#define XS_FORGET(value, zero) asm volatile("%0 ^= %1" : "+r"(value) : "r"(zero))

/* A new zero. Copies of one register have the same identity for the verifier, too. */
static __always_inline __u64 fresh_zero(__u64 zero)
{
	asm volatile("%0 |= 0" : "+r"(zero));
	return zero;
}

/* Clears the address words from `first` on, which the frame does not have. */
static __always_inline void clear_addrs(struct xs_packet *pkt, int first)
{
#pragma unroll
	for (int i = first; i <= XS_KEY_addr3; i++)
		pkt->key[i] = fresh_zero(pkt->zero);
}

static __always_inline __u64 unknown_zero(__u64 unknown)
{
	__u64 zero = 0;

	asm volatile("%0 += %1\n\t%0 -= %1" : "+r"(zero) : "r"(unknown));
	return zero;
}

/* Makes frames with and without tags and extension headers one case for the verifier. */
static __always_inline void forget_at(struct xs_cursor *cur, __u64 zero)
{
	XS_FORGET(cur->at, zero);
	cur->at &= XS_HEADERS_MAX;
}

static __always_inline bool is_vlan(__be16 proto)
{
	return proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD);
}

/* TCP, UDP and the like, ICMP: fills the l4 word from the fields that all of them start with. */
static __always_inline enum xs_reason parse_l4(struct xs_cursor *cur, __u64 proto, __u64 fragment,
					       __u32 family, __u64 *l4)
{
	struct xs_l4_start copy, *h;
	__u64 word = XS_KEY(l4proto, proto) | XS_KEY(fragment, fragment);
	__u64 type = XS_KEY_NO_TYPE, code = XS_KEY_NO_TYPE;
	__u32 ports;

	*l4 = word | XS_KEY_L4_NONE;
	if (fragment == XS_KEY_FRAGMENT_LATER)
		return XS_REASON_none;

	switch (proto) {
	case IPPROTO_TCP:
		h = ip_header_at(cur, &copy, 20);
		if (!h || h->doff < 5 << 4)
			return XS_REASON_malformed_tcp;
		type = h->flags;
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		h = ip_header_at(cur, &copy, 8);
		if (!h)
			return XS_REASON_malformed_udp;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		h = ip_header_at(cur, &copy, 8);
		if (!h)
			return proto == IPPROTO_ICMP ? XS_REASON_malformed_icmp
						     : XS_REASON_malformed_icmpv6;
		if ((proto == IPPROTO_ICMP) == (family == XS_FAMILY_ipv4)) {
			type = h->type;
			code = h->code;
		}
		*l4 = word | XS_KEY(sport, XS_KEY_NO_PORT) | XS_KEY(dport, XS_KEY_NO_PORT) |
		      XS_KEY(l4_type, type) | XS_KEY(l4_code, code);
		return XS_REASON_none;
	case IPPROTO_SCTP:
		h = ip_header_at(cur, &copy, 12);
		if (!h)
			return XS_REASON_malformed_sctp;
		break;
	case IPPROTO_DCCP:
		h = ip_header_at(cur, &copy, 12);
		if (!h)
			return XS_REASON_malformed_dccp;
		break;
	default:
		return XS_REASON_none;
	}
	ports = bpf_ntohl(h->ports);
	*l4 = word | XS_KEY(sport, ports >> 16) | XS_KEY(dport, ports & 0xffff) |
	      XS_KEY(l4_type, type) | XS_KEY(l4_code, code);
	return XS_REASON_none;
}

static __always_inline enum xs_reason finish_ip(struct xs_cursor *cur, struct xs_packet *pkt,
						__u64 proto, __u64 fragment)
{
	enum xs_reason reason;
	__u64 l4;

	XS_FORGET(proto, pkt->zero);
	XS_FORGET(fragment, pkt->zero);
	if (XS_REMEMBERING) {
		pkt->where |= XS_WHERE(0, cur->at, cur->ip_end);
		XS_FORGET(pkt->where, pkt->zero);
	}
	reason = parse_l4(cur, proto, fragment, pkt->family, &l4);
	l4 |= pkt->key[XS_KEY_l4];
	XS_FORGET(l4, pkt->zero);
	XS_FORGET(pkt->key[XS_KEY_misc], pkt->zero);
	pkt->key[XS_KEY_l4] = l4;
	return reason;
}

/* The header of a layer apart, so that its copy leaves the stack before the next one is read. */
static __always_inline enum xs_reason read_ipv4(struct xs_cursor *cur, struct xs_packet *pkt,
						__u64 *proto, __u64 *fragment)
{
	struct iphdr copy, *ip = header_at(cur, &copy, sizeof(copy));
	__u32 header_bytes, total;

	if (!ip || ip->version != 4)
		return XS_REASON_malformed_ipv4;
	header_bytes = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (header_bytes < sizeof(*ip) || total < header_bytes || cur->at + total > pkt->length)
		return XS_REASON_malformed_ipv4;

	if (ip->frag_off & bpf_htons(0x1fff))
		*fragment = XS_KEY_FRAGMENT_LATER;
	else if (ip->frag_off & bpf_htons(0x2000))
		*fragment = XS_KEY_FRAGMENT_FIRST;

	pkt->family = XS_FAMILY_ipv4;
	pkt->key[XS_KEY_addr0] = (__u64)bpf_ntohl(ip->saddr) << 32 | bpf_ntohl(ip->daddr);
	pkt->key[XS_KEY_addr1] = XS_KEY(ip_length, total) | XS_KEY(ip_id, bpf_ntohs(ip->id)) |
				 XS_KEY(ip_frag_off, bpf_ntohs(ip->frag_off)) |
				 XS_KEY(ip_hdrlength, ip->ihl);
	XS_FORGET(pkt->key[XS_KEY_addr1], pkt->zero);
	clear_addrs(pkt, XS_KEY_addr2);
	pkt->key[XS_KEY_misc] |= XS_KEY(ttl, ip->ttl) | XS_KEY(dscp, ip->tos >> 2);
	pkt->key[XS_KEY_l4] = XS_KEY(ecn, ip->tos & 3);
	*proto = ip->protocol;
	cur->ip_end = cur->at + total;
	XS_FORGET(cur->ip_end, pkt->zero);
	cur->at += header_bytes;
	forget_at(cur, pkt->zero);
	return XS_REASON_none;
}

static __always_inline enum xs_reason parse_ipv4(struct xs_cursor *cur, struct xs_packet *pkt)
{
	__u64 proto, fragment = XS_KEY_FRAGMENT_NONE;
	enum xs_reason reason = read_ipv4(cur, pkt, &proto, &fragment);

	if (reason != XS_REASON_none)
		return reason;
	return finish_ip(cur, pkt, proto, fragment);
}

static __always_inline bool is_ipv6_ext(__u64 proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT ||
	       proto == IPPROTO_AH || proto == IPPROTO_DSTOPTS;
}

/* Steps over extension headers. *proto becomes the L4 protocol. */
static __always_inline enum xs_reason walk_ipv6_ext(struct xs_cursor *cur, __u64 zero, __u64 *proto,
						    __u64 *fragment)
{
	for (int i = 0; i < XS_IPV6_EXT_MAX; i++) {
		struct xs_ipv6_ext copy, *ext;
		__u64 kind = *proto;
		__u32 bytes = sizeof(*ext);

		if (!is_ipv6_ext(kind))
			return XS_REASON_none;
		ext = header_at(cur, &copy, sizeof(copy));
		if (!ext)
			return XS_REASON_malformed_ipv6_ext;
		*proto = ext->next;
		if (kind == IPPROTO_AH)
			bytes = (ext->len + 2) * 4;
		else if (kind != IPPROTO_FRAGMENT)
			bytes = (ext->len + 1) * 8;
		cur->at += bytes;
		if (cur->at > cur->ip_end)
			return XS_REASON_malformed_ipv6_ext;
		if (kind == IPPROTO_FRAGMENT && ext->fragment & bpf_htons(0xfff8)) {
			*fragment = XS_KEY_FRAGMENT_LATER;
			return XS_REASON_none;
		}
		if (kind == IPPROTO_FRAGMENT && ext->fragment & bpf_htons(1))
			*fragment = XS_KEY_FRAGMENT_FIRST;
		forget_at(cur, zero);
		XS_FORGET(*proto, zero);
		XS_FORGET(*fragment, zero);
	}
	return is_ipv6_ext(*proto) ? XS_REASON_malformed_ipv6_ext : XS_REASON_none;
}

/*
 * Where an IPv6 packet ends. A length of 0 is that of a packet without payload, or of one
 * beyond 65,535 bytes: a jumbogram, or segments that the kernel has not separated yet.
 */
static __always_inline __u64 ipv6_end(const struct xs_packet *pkt, __u64 start, __u64 payload,
				      __u64 proto)
{
	if (!payload && (proto == IPPROTO_HOPOPTS || pkt->length > 0xffff))
		return pkt->length;
	return start + payload;
}

static __always_inline enum xs_reason read_ipv6(struct xs_cursor *cur, struct xs_packet *pkt,
						__u64 *proto)
{
	/* Aligned, because the addresses are read as words of 8 bytes and the verifier insists. */
	struct ipv6hdr copy __attribute__((aligned(8))), *ip6;
	const __be64 *addr;

	ip6 = header_at(cur, &copy, sizeof(copy));
	if (!ip6 || ip6->version != 6)
		return XS_REASON_malformed_ipv6;
	*proto = ip6->nexthdr;
	cur->ip_end =
		ipv6_end(pkt, cur->at + sizeof(*ip6), bpf_ntohs(ip6->payload_len), ip6->nexthdr);
	if (cur->ip_end > pkt->length)
		return XS_REASON_malformed_ipv6;
	XS_FORGET(cur->ip_end, pkt->zero);

	addr = (const void *)&ip6->saddr;
	pkt->family = XS_FAMILY_ipv6;
	pkt->key[XS_KEY_addr0] = bpf_be64_to_cpu(addr[0]);
	pkt->key[XS_KEY_addr1] = bpf_be64_to_cpu(addr[1]);
	pkt->key[XS_KEY_addr2] = bpf_be64_to_cpu(addr[2]);
	pkt->key[XS_KEY_addr3] = bpf_be64_to_cpu(addr[3]);
	pkt->key[XS_KEY_misc] |= XS_KEY(ttl, ip6->hop_limit) | XS_KEY(nexthdr, *proto) |
				 XS_KEY(dscp, (__u64)(ip6->priority << 2 | ip6->flow_lbl[0] >> 6));
	pkt->key[XS_KEY_l4] = XS_KEY(ecn, ip6->flow_lbl[0] >> 4 & 3);
	cur->at += sizeof(*ip6);
	return XS_REASON_none;
}

static __always_inline enum xs_reason parse_ipv6(struct xs_cursor *cur, struct xs_packet *pkt)
{
	__u64 proto, fragment = XS_KEY_FRAGMENT_NONE;
	enum xs_reason reason = read_ipv6(cur, pkt, &proto);

	if (reason == XS_REASON_none)
		reason = walk_ipv6_ext(cur, pkt->zero, &proto, &fragment);
	if (reason != XS_REASON_none)
		return reason;
	return finish_ip(cur, pkt, proto, fragment);
}

/* Steps over the tags. *proto becomes the EtherType. */
static __always_inline enum xs_reason walk_vlan(struct xs_cursor *cur, __be16 *proto, __u16 *tci)
{
	for (int i = 0; i < XS_VLAN_MAX && is_vlan(*proto); i++) {
		struct xs_vlan_tag copy, *tag = header_at(cur, &copy, sizeof(copy));

		if (!tag)
			return XS_REASON_malformed_vlan;
		if (i == 0)
			*tci = bpf_ntohs(tag->tci);
		*proto = tag->proto;
		cur->at += sizeof(*tag);
	}
	return is_vlan(*proto) ? XS_REASON_malformed_vlan : XS_REASON_none;
}

struct xs_arp {
	__be16 htype, ptype;
	__u8 hlen, plen;
	__be16 operation;
};

/*
 * A header that the frame does not hold is no error: such a frame only lacks its fields. If
 * it lies in another buffer, the reason makes the frame be parsed again.
 */
static __always_inline enum xs_reason parse_arp(struct xs_cursor *cur, struct xs_packet *pkt)
{
	struct xs_arp copy, *arp = header_at(cur, &copy, sizeof(copy));
	__u64 l4 = XS_KEY_L4_NONE;

	if (arp)
		l4 = XS_KEY(sport, bpf_ntohs(arp->operation)) |
		     XS_KEY(dport, bpf_ntohs(arp->htype)) | XS_KEY(l4_type, arp->hlen) |
		     XS_KEY(l4_code, arp->plen);
	else if (cur->at + sizeof(*arp) <= pkt->length)
		return XS_REASON_malformed_eth;
	pkt->key[XS_KEY_l4] = l4;
	return XS_REASON_none;
}

/*
 * The smaller number, found by a comparison that tells the verifier nothing about
 * `value` itself.
 */
static __always_inline __u64 at_most(__u64 value, __u64 max, __u64 zero)
{
	XS_FORGET(value, zero);
	if (value > max)
		value = max;
	XS_FORGET(value, zero);
	return value;
}

static __always_inline enum xs_reason read_ethernet(struct xs_cursor *cur, struct xs_packet *pkt,
						    __be16 *proto)
{
	struct ethhdr copy, *eth = header_at(cur, &copy, sizeof(copy));

	if (!eth)
		return XS_REASON_malformed_eth;
	*proto = eth->h_proto;
	cur->at = sizeof(*eth);
	pkt->key[XS_KEY_ether_d] = bpf_be64_to_cpu(*(__be64 *)eth->h_dest) >> 16 << 16;
	pkt->key[XS_KEY_ether_s] = bpf_be64_to_cpu(*(__be64 *)eth->h_source) >> 16 << 16;
	return XS_REASON_none;
}

static __always_inline enum xs_reason parse_headers(struct xdp_md *ctx, struct xs_packet *pkt,
						    bool linear)
{
	struct xs_cursor cur = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.linear = linear,
	};
	__u64 vlan_id = XS_KEY_NO_VLAN | XS_KEY(vlan_dei, XS_KEY_NO_DEI), vlan_pcp = XS_KEY_NO_PCP;
	__be16 proto = 0;
	enum xs_reason reason = read_ethernet(&cur, pkt, &proto);

	if (reason != XS_REASON_none)
		return reason;
	if (is_vlan(proto)) {
		__u16 tci = 0;

		reason = walk_vlan(&cur, &proto, &tci);
		if (reason != XS_REASON_none)
			return reason;
		vlan_id = (tci & 0xfff) | XS_KEY(vlan_dei, tci >> 12 & 1);
		vlan_pcp = tci >> 13;
	}
	forget_at(&cur, pkt->zero);
	XS_FORGET(vlan_id, pkt->zero);
	XS_FORGET(vlan_pcp, pkt->zero);
	cur.data = (void *)(long)*(volatile __u32 *)&ctx->data; /* and how far it was checked */

	if (XS_REMEMBERING)
		pkt->where = XS_WHERE(cur.at, 0, 0);
	pkt->key[XS_KEY_ether_d] |= vlan_id;
	pkt->key[XS_KEY_ether_s] |= bpf_ntohs(proto);
	pkt->key[XS_KEY_misc] =
		XS_KEY(vlan_pcp, vlan_pcp) |
		XS_KEY(rxqueue, at_most(pkt->rxqueue, XS_KEY_QUEUE_MAX, pkt->zero)) |
		XS_KEY(length, at_most(pkt->length, XS_KEY_LENGTH_MAX, pkt->zero));
	if (proto == bpf_htons(ETH_P_IP))
		return parse_ipv4(&cur, pkt);
	if (proto == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(&cur, pkt);
	pkt->family = XS_FAMILY_none;
	clear_addrs(pkt, XS_KEY_addr0);
	pkt->key[XS_KEY_l4] = XS_KEY_L4_NONE;
	if (proto == bpf_htons(ETH_P_ARP))
		reason = parse_arp(&cur, pkt);
	XS_FORGET(pkt->key[XS_KEY_l4], pkt->zero);
	return reason;
}

/* A test run of an interface's program cannot choose its queue on every kernel. */
static __always_inline __u32 receive_queue(struct xdp_md *ctx)
{
	return explaining ? explain_queue : ctx->rx_queue_index;
}

/* The part of the kernel's own view of the frame that we read. */
struct xdp_buff___kernel {
	__u32 flags;
} __attribute__((preserve_access_index));

extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak;

#define XDP_FLAGS_HAS_FRAGS 1U /* the kernel's enum xdp_buff_flags */

/*
 * Whether the frame may have more than one buffer. Asking the helper costs as much as
 * all of the parsing. Since Linux 6.2 the frame's flags can be read instead.
 */
static __always_inline bool may_have_frags(struct xdp_md *ctx)
{
	const struct xdp_buff___kernel *frame;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_xdp_get_buff_len))
		return false;
	if (!bpf_cast_to_kern_ctx)
		return true;
	frame = bpf_cast_to_kern_ctx(ctx);
	return frame->flags & XDP_FLAGS_HAS_FRAGS;
}

/*
 * Fills *pkt. Returns XS_REASON_none or the malformed_* reason. Sets length and rxqueue
 * in either case.
 */
static __always_inline enum xs_reason parse_packet(struct xdp_md *ctx, struct xs_packet *pkt)
{
	__u32 linear_bytes = ctx->data_end - ctx->data;
	enum xs_reason reason;

	pkt->rxqueue = receive_queue(ctx);
	pkt->length = linear_bytes;
	if (may_have_frags(ctx))
		pkt->length = bpf_xdp_get_buff_len(ctx);

	pkt->zero = unknown_zero(pkt->length);
	reason = parse_headers(ctx, pkt, true);
	if (reason != XS_REASON_none && pkt->length > linear_bytes &&
	    bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_xdp_load_bytes))
		reason = parse_headers(ctx, pkt, false);
	return reason;
}

#endif
