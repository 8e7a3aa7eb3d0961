// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Hashes of a frame's flow; see flow.h. */
#include <string.h>

#include "flow.h"

#define HEADERS 96 /* 14, four VLAN tags, an IPv4 header with options: 90 */
#define VLAN_MAX 4
#define PLAIN (14 + 20 + 4)

static __u32 get16(const unsigned char *p)
{
	return (__u32)p[0] << 8 | p[1];
}

static __u64 mix(__u64 x)
{
	x = (x ^ (x >> 32)) * 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9ull;
	return x ^ (x >> 32);
}

static __u64 hash_addr(const unsigned char *addr, __u32 len)
{
	__u64 hash = 0, word = 0;

	for (__u32 i = 0; i < len; i += 4) {
		__u32 part;

		memcpy(&part, addr + i, 4);
		word = word << 32 | part;
		hash = mix(hash ^ word);
	}
	return hash;
}

/* Addition makes both directions equal. */
static void set_hashes(__u32 hashes[XS_STICKY_MAX], const unsigned char *saddr,
		       const unsigned char *daddr, __u32 addr_len, __u8 proto, __u32 sport,
		       __u32 dport)
{
	__u64 s = hash_addr(saddr, addr_len), d = hash_addr(daddr, addr_len);

	hashes[XS_STICKY_flow] = (__u32)mix(mix(s + sport) + mix(d + dport) + proto);
	hashes[XS_STICKY_saddr] = (__u32)mix(s);
	hashes[XS_STICKY_daddr] = (__u32)mix(d);
}

static bool has_ports(__u8 proto)
{
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136;
}

/* Most frames are this: no VLAN tag, and IPv4 without options. False: it is something else. */
static inline bool hash_plain(const unsigned char *frame, __u32 len, __u32 hashes[XS_STICKY_MAX])
{
	unsigned char h[PLAIN];
	bool ports;

	if (len < sizeof(h))
		return false;
	memcpy(h, frame, sizeof(h));
	if (get16(h + 12) != 0x0800 || h[14] != 0x45)
		return false;
	ports = has_ports(h[23]) && !(get16(h + 20) & 0x3fff);
	set_hashes(hashes, h + 26, h + 30, 4, h[23], ports ? get16(h + 34) : 0,
		   ports ? get16(h + 36) : 0);
	return true;
}

void xs_flow_hashes(const unsigned char *frame, __u32 len, __u32 hashes[XS_STICKY_MAX])
{
	/* A private copy, so that an NF that writes into the frame meanwhile changes no bound. */
	unsigned char h[HEADERS + 44] = {};
	__u32 have = len < sizeof(h) ? len : sizeof(h), off = 12, type, l4;
	bool ports;

	if (hash_plain(frame, len, hashes))
		return;
	memset(hashes, 0, XS_STICKY_MAX * sizeof(*hashes));
	if (have < 14)
		return;
	memcpy(h, frame, have);
	type = get16(h + off);
	for (int i = 0; i < VLAN_MAX && (type == 0x8100 || type == 0x88a8); i++) {
		off += 4;
		type = get16(h + off);
	}
	off += 2;
	if (type == 0x0800 && off + 20 <= have) {
		l4 = off + (h[off] & 15) * 4u;
		ports = has_ports(h[off + 9]) && !(get16(h + off + 6) & 0x3fff) && l4 + 4 <= have;
		set_hashes(hashes, h + off + 12, h + off + 16, 4, h[off + 9],
			   ports ? get16(h + l4) : 0, ports ? get16(h + l4 + 2) : 0);
	} else if (type == 0x86dd && off + 40 <= have) {
		l4 = off + 40;
		ports = has_ports(h[off + 6]) && l4 + 4 <= have;
		set_hashes(hashes, h + off + 8, h + off + 24, 16, h[off + 6],
			   ports ? get16(h + l4) : 0, ports ? get16(h + l4 + 2) : 0);
	}
}
