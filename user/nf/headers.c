// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Parses a packet, and changes it so that its checksums stay correct. Every access is
 * within the packet's length, whatever its bytes say.
 */
#include <errno.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "xsteer/nf.h"

#define ETH_BYTES 14
#define VLAN_MAX 4 /* tags, and extension headers, like the rules of xsteer */
#define EXT_MAX 8
#define DCCP 33
#define UDPLITE 136

static __u16 get16(const unsigned char *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

static void put16(unsigned char *p, __u16 value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
}

/* ---- parsing ---- */

__u32 xsnf_total(const struct xsnf_packet *packet)
{
	return packet->len + packet->rest;
}

/* The offset of the network header; 0: the packet is cut short. */
static __u32 parse_ethernet(const struct xsnf_packet *packet, struct xsnf_headers *h)
{
	__u32 off = ETH_BYTES;

	if (packet->len < ETH_BYTES)
		return 0;
	h->eth_type = get16(packet->data + 12);
	for (int i = 0; i < VLAN_MAX && (h->eth_type == 0x8100 || h->eth_type == 0x88a8); i++) {
		if (packet->len < off + 4)
			return 0;
		h->eth_type = get16(packet->data + off + 2);
		off += 4;
	}
	return off;
}

/*
 * Whether a datagram that ends at *end is there as a whole. Its headers must be in the first frame,
 * so *end is then moved back to that one's end.
 */
static bool is_whole(const struct xsnf_packet *packet, __u32 *end)
{
	if (*end > xsnf_total(packet))
		return false;
	if (*end > packet->len)
		*end = packet->len;
	return true;
}

/* The offset of what follows the IPv4 header, and the end of the datagram; 0: malformed. */
static __u32 parse_ip4(const struct xsnf_packet *packet, __u32 off, struct xsnf_headers *h,
		       __u32 *end)
{
	const unsigned char *ip = packet->data + off;
	__u32 ihl;

	if (packet->len < off + 20 || ip[0] >> 4 != 4)
		return 0;
	ihl = (ip[0] & 15) * 4u;
	*end = off + get16(ip + 2);
	if (!is_whole(packet, end) || ihl < 20 || *end < off + ihl)
		return 0;
	h->l4proto = ip[9];
	h->ttl = ip[8];
	h->later = get16(ip + 6) & 0x1fff;
	memcpy(h->saddr.bytes, ip + 12, 4);
	memcpy(h->daddr.bytes, ip + 16, 4);
	return off + ihl;
}

static bool is_extension(__u8 proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT ||
	       proto == IPPROTO_DSTOPTS || proto == IPPROTO_AH;
}

static __u32 skip_extensions(const struct xsnf_packet *packet, __u32 off, __u32 end,
			     struct xsnf_headers *h)
{
	for (int i = 0; is_extension(h->l4proto); i++) {
		const unsigned char *ext = packet->data + off;
		__u8 proto = h->l4proto;

		if (i == EXT_MAX || end < off + 8)
			return 0;
		h->l4proto = ext[0];
		off += proto == IPPROTO_FRAGMENT ? 8
		       : proto == IPPROTO_AH	 ? (ext[1] + 2u) * 4
						 : (ext[1] + 1u) * 8;
		if (off > end)
			return 0;
		h->later = proto == IPPROTO_FRAGMENT && get16(ext + 2) & 0xfff8;
		if (h->later)
			return off;
	}
	return off;
}

static __u32 parse_ip6(const struct xsnf_packet *packet, __u32 off, struct xsnf_headers *h,
		       __u32 *end)
{
	const unsigned char *ip = packet->data + off;

	if (packet->len < off + 40 || ip[0] >> 4 != 6)
		return 0;
	*end = off + 40 + get16(ip + 4);
	if (!is_whole(packet, end))
		return 0;
	h->l4proto = ip[6];
	h->ttl = ip[7];
	memcpy(h->saddr.bytes, ip + 8, 16);
	memcpy(h->daddr.bytes, ip + 24, 16);
	return skip_extensions(packet, off + 40, *end, h);
}

/* The smallest L4 header in bytes; 0: any number is enough. */
static __u32 l4_bytes(__u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
	case UDPLITE:
		return 8;
	case IPPROTO_SCTP:
	case DCCP:
		return 12;
	default:
		return 0;
	}
}

static bool has_ports(__u8 proto)
{
	return proto != IPPROTO_ICMP && proto != IPPROTO_ICMPV6 && l4_bytes(proto);
}

static bool parse_l4(const struct xsnf_packet *packet, __u32 off, __u32 end, struct xsnf_headers *h)
{
	const unsigned char *l4 = packet->data + off;
	__u32 bytes = l4_bytes(h->l4proto);

	if (end < off + bytes)
		return false;
	if (h->l4proto == IPPROTO_TCP) {
		bytes = (l4[12] >> 4) * 4u;
		if (bytes < 20 || end < off + bytes)
			return false;
	}
	h->l4 = (__u16)off;
	h->payload = (__u16)(off + bytes);
	if (has_ports(h->l4proto)) {
		h->sport = get16(l4);
		h->dport = get16(l4 + 2);
	}
	return true;
}

bool xsnf_parse(const struct xsnf_packet *packet, struct xsnf_headers *h)
{
	__u32 l3, l4 = 0, end = 0;

	memset(h, 0, sizeof(*h));
	l3 = parse_ethernet(packet, h);
	if (l3 && h->eth_type == 0x0800)
		l4 = parse_ip4(packet, l3, h, &end);
	else if (l3 && h->eth_type == 0x86dd)
		l4 = parse_ip6(packet, l3, h, &end);
	if (!l4)
		return false;
	h->l3 = (__u16)l3;
	if (h->later)
		h->payload = (__u16)l4;
	else if (!parse_l4(packet, l4, end, h))
		return false;
	h->version = h->eth_type == 0x0800 ? 4 : 6;
	return true;
}

/* ---- checksums ---- */

__u32 xsnf_csum_add(__u32 sum, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	__u64 total = sum;

	for (; len > 1; len -= 2, p += 2)
		total += get16(p);
	if (len)
		total += (__u32)*p << 8;
	total = (total & 0xffffffff) + (total >> 32);
	return (__u32)((total & 0xffffffff) + (total >> 32));
}

__u16 xsnf_csum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

/* Writes `len` bytes (even) over those at `field`, and updates the checksum. */
static void replace(unsigned char *field, const void *bytes, size_t len,
		    unsigned char *checksums[2])
{
	const unsigned char *now = bytes;

	for (int k = 0; k < 2; k++) {
		__u64 sum;

		if (!checksums[k])
			continue;
		sum = (__u16)~get16(checksums[k]);
		for (size_t i = 0; i < len; i += 2)
			sum += (__u64)(__u16)~get16(field + i) + get16(now + i);
		put16(checksums[k], xsnf_csum_fold((__u32)sum));
	}
	memcpy(field, bytes, len);
}

/* The L4 checksum that covers ports and addresses; NULL: there is none. */
static unsigned char *l4_checksum(struct xsnf_packet *packet, const struct xsnf_headers *h)
{
	unsigned char *l4 = packet->data + h->l4;

	if (!h->l4)
		return NULL;
	switch (h->l4proto) {
	case IPPROTO_TCP:
		return l4 + 16;
	case IPPROTO_UDP:
		return get16(l4 + 6) ? l4 + 6 : NULL;
	case UDPLITE:
	case DCCP:
		return l4 + 6;
	case IPPROTO_ICMPV6:
		return h->version == 6 ? l4 + 2 : NULL;
	default:
		return NULL;
	}
}

/* 0 would mean "no checksum". */
static void keep_udp_nonzero(const struct xsnf_headers *h, unsigned char *checksum)
{
	if (checksum && (h->l4proto == IPPROTO_UDP || h->l4proto == UDPLITE) && !get16(checksum))
		put16(checksum, 0xffff);
}

static void set_addr(struct xsnf_packet *packet, struct xsnf_headers *h, bool source,
		     const union xsnf_addr *addr)
{
	unsigned char *ip = packet->data + h->l3, *l4 = l4_checksum(packet, h);
	unsigned char *checksums[2] = { h->version == 4 ? ip + 10 : NULL, l4 };
	size_t len = h->version == 4 ? 4 : 16;
	union xsnf_addr *said = source ? &h->saddr : &h->daddr;

	if (h->version == 4)
		replace(ip + (source ? 12 : 16), addr->bytes, len, checksums);
	else if (h->version == 6)
		replace(ip + (source ? 8 : 24), addr->bytes, len, checksums);
	else
		return;
	keep_udp_nonzero(h, l4);
	memset(said, 0, sizeof(*said));
	memcpy(said->bytes, addr->bytes, len);
}

void xsnf_set_saddr(struct xsnf_packet *packet, struct xsnf_headers *h, const union xsnf_addr *addr)
{
	set_addr(packet, h, true, addr);
}

void xsnf_set_daddr(struct xsnf_packet *packet, struct xsnf_headers *h, const union xsnf_addr *addr)
{
	set_addr(packet, h, false, addr);
}

static void set_port(struct xsnf_packet *packet, struct xsnf_headers *h, bool source, __u16 port)
{
	unsigned char *checksum = l4_checksum(packet, h), bytes[2];
	unsigned char *checksums[2] = { checksum, NULL };

	if (!h->version || !h->l4 || !has_ports(h->l4proto))
		return;
	put16(bytes, port);
	replace(packet->data + h->l4 + (source ? 0 : 2), bytes, 2, checksums);
	keep_udp_nonzero(h, checksum);
	if (source)
		h->sport = port;
	else
		h->dport = port;
}

void xsnf_set_sport(struct xsnf_packet *packet, struct xsnf_headers *h, __u16 port)
{
	set_port(packet, h, true, port);
}

void xsnf_set_dport(struct xsnf_packet *packet, struct xsnf_headers *h, __u16 port)
{
	set_port(packet, h, false, port);
}

void xsnf_dec_ttl(struct xsnf_packet *packet, struct xsnf_headers *h)
{
	unsigned char *ip = packet->data + h->l3;
	unsigned char *checksums[2] = { ip + 10, NULL }, bytes[2];

	if (!h->version || !h->ttl)
		return;
	h->ttl--;
	if (h->version == 6) {
		ip[7] = h->ttl;
		return;
	}
	bytes[0] = h->ttl;
	bytes[1] = ip[9];
	replace(ip + 8, bytes, 2, checksums);
}

/* ---- the packet as a whole ---- */

void xsnf_swap_mac(struct xsnf_packet *packet)
{
	unsigned char mac[6];

	memcpy(mac, packet->data, 6);
	memcpy(packet->data, packet->data + 6, 6);
	memcpy(packet->data + 6, mac, 6);
}

int xsnf_push(struct xsnf_packet *packet, __u32 bytes)
{
	if (bytes > packet->room_front)
		return -ENOSPC;
	packet->data -= bytes;
	packet->len += bytes;
	packet->room_front = (__u16)(packet->room_front - bytes);
	return 0;
}

int xsnf_pop(struct xsnf_packet *packet, __u32 bytes)
{
	if (bytes > packet->len)
		return -EINVAL;
	packet->data += bytes;
	packet->len -= bytes;
	packet->room_front = (__u16)(packet->room_front + bytes);
	return 0;
}
