// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Frames for tests, built header by header from one table of headers and
 * fields. Knows nothing of rules or of the data path.
 */
#include "packets.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 16

struct field {
	const char *name;
	__u16 bit; /* from the start of the header */
	__u16 bits;
};

struct layer {
	const char *name;
	int ethertype; /* in an Ethernet header or tag before it; -1: none */
	int protocol; /* in an IP or extension header before it; -1: none */
	__u32 size; /* the smallest valid size */
	struct field fields[FIELDS_MAX];
	__u8 bytes[44]; /* the header as it is added */
};

/* Fields of a header, in bits from its start; clang-format would spoil the table. */
/* clang-format off */
static const struct layer layers[PACKET_LAYER_MAX] = {
	[PACKET_eth] = {"eth", -1, -1, 14,
		{{"daddr", 0, 48}, {"saddr", 48, 48}, {"type", 96, 16}},
		{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5}},
	[PACKET_vlan] = {"vlan", 0x8100, -1, 4,
		{{"pcp", 0, 3}, {"dei", 3, 1}, {"id", 4, 12}, {"type", 16, 16}},
		{0, 1, 0x88, 0xb5}},
	[PACKET_qinq] = {"qinq", 0x88a8, -1, 4,
		{{"pcp", 0, 3}, {"dei", 3, 1}, {"id", 4, 12}, {"type", 16, 16}},
		{0, 1, 0x88, 0xb5}},
	[PACKET_arp] = {"arp", 0x0806, -1, 28,
		{{"htype", 0, 16}, {"ptype", 16, 16}, {"hlen", 32, 8}, {"plen", 40, 8}, {"op", 48, 16},
		 {"saddr", 112, 32}, {"daddr", 192, 32}},
		{0, 1, 8, 0, 6, 4, 0, 1}},
	[PACKET_ip] = {"ip", 0x0800, 4, 20,
		{{"version", 0, 4}, {"ihl", 4, 4}, {"dscp", 8, 6}, {"ecn", 14, 2}, {"len", 16, 16},
		 {"id", 32, 16}, {"reserved", 48, 1},
		 {"df", 49, 1}, {"mf", 50, 1}, {"offset", 51, 13}, {"ttl", 64, 8},
		 {"protocol", 72, 8}, {"saddr", 96, 32}, {"daddr", 128, 32}},
		{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 253, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}},
	[PACKET_ip6] = {"ip6", 0x86dd, 41, 40,
		{{"version", 0, 4}, {"dscp", 4, 6}, {"ecn", 10, 2}, {"flow", 12, 20}, {"len", 32, 16},
		 {"nexthdr", 48, 8}, {"hoplimit", 56, 8}, {"saddr", 64, 128}, {"daddr", 192, 128}},
		{0x60, 0, 0, 0, 0, 0, 253, 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}},
	[PACKET_hopopt] = {"hopopt", -1, 0, 8, {{"nexthdr", 0, 8}, {"len", 8, 8}}, {253, 0, 1, 4}},
	[PACKET_routing] = {"routing", -1, 43, 8, {{"nexthdr", 0, 8}, {"len", 8, 8}}, {253}},
	[PACKET_dstopt] = {"dstopt", -1, 60, 8, {{"nexthdr", 0, 8}, {"len", 8, 8}}, {253, 0, 1, 4}},
	[PACKET_ah] = {"ah", -1, 51, 8, {{"nexthdr", 0, 8}, {"len", 8, 8}}, {253, 0}},
	[PACKET_frag] = {"frag", -1, 44, 8,
		{{"nexthdr", 0, 8}, {"reserved", 8, 8}, {"offset", 16, 13}, {"m", 31, 1},
		 {"id", 32, 32}},
		{253}},
	[PACKET_tcp] = {"tcp", -1, 6, 20,
		{{"sport", 0, 16}, {"dport", 16, 16}, {"doff", 96, 4}, {"flags", 104, 8}},
		{0x9c, 0x40, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10}},
	[PACKET_udp] = {"udp", -1, 17, 8,
		{{"sport", 0, 16}, {"dport", 16, 16}, {"len", 32, 16}}, {0x9c, 0x40, 0, 53}},
	[PACKET_udplite] = {"udplite", -1, 136, 8,
		{{"sport", 0, 16}, {"dport", 16, 16}, {"coverage", 32, 16}}, {0x9c, 0x40, 0, 53}},
	[PACKET_sctp] = {"sctp", -1, 132, 12,
		{{"sport", 0, 16}, {"dport", 16, 16}}, {0x9c, 0x40, 0, 7}},
	[PACKET_dccp] = {"dccp", -1, 33, 12,
		{{"sport", 0, 16}, {"dport", 16, 16}}, {0x9c, 0x40, 0, 7, 3}},
	[PACKET_icmp] = {"icmp", -1, 1, 8, {{"type", 0, 8}, {"code", 8, 8}}, {8, 0}},
	[PACKET_icmpv6] = {"icmpv6", -1, 58, 8, {{"type", 0, 8}, {"code", 8, 8}}, {128, 0}},
	[PACKET_vxlan] = {"vxlan", -1, -1, 8, {{"i", 4, 1}, {"vni", 32, 24}, {"rest", 56, 8}}, {8}},
	[PACKET_geneve] = {"geneve", -1, -1, 8,
		{{"version", 0, 2}, {"options", 2, 6}, {"vni", 32, 24}, {"rest", 56, 8}},
		{0, 0, 0x65, 0x58}},
	[PACKET_gre] = {"gre", -1, 47, 12,
		{{"c", 0, 1}, {"r", 1, 1}, {"k", 2, 1}, {"s", 3, 1}, {"version", 13, 3},
		 {"key", 32, 32}, {"key2", 64, 32}},
		{0x20, 0, 8}},
};
/* clang-format on */

static _Noreturn void fail(const char *what, const char *which)
{
	fprintf(stderr, "packets: %s: %s\n", what, which);
	abort();
}

static int find_field(enum packet_layer type, const char *name)
{
	for (int i = 0; i < FIELDS_MAX && layers[type].fields[i].name; i++)
		if (!strcmp(layers[type].fields[i].name, name))
			return i;
	return -1;
}

/* Writes the part of the field that is within the frame, since a frame may be cut. */
static void put(struct packet *p, __u32 layer, int field, packet_u128 value)
{
	const struct field *f = &layers[p->layers[layer].type].fields[field];
	__u32 first = p->layers[layer].start * 8 + f->bit;

	for (__u32 i = 0; i < f->bits; i++) {
		__u32 bit = first + f->bits - 1 - i;
		__u8 mask = 0x80 >> bit % 8;

		if (bit / 8 >= p->len)
			continue;
		if (value >> i & 1)
			p->data[bit / 8] |= mask;
		else
			p->data[bit / 8] &= ~mask;
	}
}

static void grow(struct packet *p, __u32 size)
{
	__u32 start = p->layers[p->layer_cnt - 1].start;

	if (start + size > PACKET_MAX)
		fail("frame longer than PACKET_MAX", "");
	if (start + size <= p->len)
		return;
	memset(p->data + p->len, 0, start + size - p->len);
	p->len = start + size;
}

/* Names of the field that says what follows. A header has at most one of them. */
static int next_field(enum packet_layer type)
{
	static const char *const names[] = { "type", "protocol", "nexthdr" };
	bool icmp = type == PACKET_icmp || type == PACKET_icmpv6;

	for (size_t i = 0; i < 3 && !icmp; i++)
		if (find_field(type, names[i]) >= 0)
			return find_field(type, names[i]);
	return -1;
}

static void point_at(struct packet *p, __u32 prev, enum packet_layer layer)
{
	enum packet_layer type = p->layers[prev].type;
	int field = next_field(type), value;

	if (field < 0 || p->layers[prev].set & 1u << field)
		return;
	value = layers[type].fields[field].bits == 16 ? layers[layer].ethertype
						      : layers[layer].protocol;
	if (value >= 0)
		put(p, prev, field, value);
}

void packet_begin(struct packet *p)
{
	p->len = 0;
	p->layer_cnt = 0;
	packet_add(p, PACKET_eth);
}

void packet_add(struct packet *p, enum packet_layer layer)
{
	__u32 n = p->layer_cnt;

	if (n == PACKET_LAYERS_MAX || p->len + layers[layer].size > PACKET_MAX)
		fail("too much in one frame", layers[layer].name);
	if (n)
		point_at(p, n - 1, layer);
	p->layers[n].type = layer;
	p->layers[n].start = p->len;
	p->layers[n].set = 0;
	p->layer_cnt++;
	memcpy(p->data + p->len, layers[layer].bytes, layers[layer].size);
	p->len += layers[layer].size;
}

void packet_set(struct packet *p, const char *name, packet_u128 value)
{
	__u32 n = p->layer_cnt - 1;
	enum packet_layer type = p->layers[n].type;
	int field = find_field(type, name);

	if (field < 0)
		fail("no such field", name);
	if (!strcmp(name, "ihl") || !strcmp(name, "doff"))
		grow(p, value * 4);
	else if (type == PACKET_ah && !strcmp(name, "len"))
		grow(p, (value + 2) * 4);
	else if (type >= PACKET_hopopt && type <= PACKET_dstopt && !strcmp(name, "len"))
		grow(p, (value + 1) * 8);
	put(p, n, field, value);
	p->layers[n].set |= 1u << field;
}

void packet_data(struct packet *p, __u32 len)
{
	if (p->len + len > PACKET_MAX)
		fail("frame longer than PACKET_MAX", "data");
	for (__u32 i = 0; i < len; i++)
		p->data[p->len++] = 0xa0 + i % 89;
}

void packet_end(struct packet *p)
{
	for (__u32 n = 0; n < p->layer_cnt; n++) {
		enum packet_layer type = p->layers[n].type;
		int field = find_field(type, "len");
		__u32 start = p->layers[n].start;

		if (type != PACKET_ip && type != PACKET_ip6 && type != PACKET_udp)
			continue;
		if (type == PACKET_ip6)
			start += 40;
		if (!(p->layers[n].set & 1u << field))
			put(p, n, field, p->len > start ? p->len - start : 0);
	}
}

void packet_cut(struct packet *p, __u32 len)
{
	if (len < p->len)
		p->len = len;
}

static packet_u128 parse_value(const char *text)
{
	packet_u128 value = 0;
	__u8 bytes[16];
	__u32 size = 0;
	char *end;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &bytes[0], &bytes[1], &bytes[2],
		   &bytes[3], &bytes[4], &bytes[5]) == 6 &&
	    strlen(text) == 17)
		size = 6;
	else if (inet_pton(AF_INET, text, bytes) == 1)
		size = 4;
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		size = 16;
	for (__u32 i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	if (size)
		return value;
	value = strtoull(text, &end, 0);
	if (end == text || *end)
		fail("not a value", text);
	return value;
}

static int find_layer(const char *name)
{
	for (int i = 0; i < PACKET_LAYER_MAX; i++)
		if (!strcmp(layers[i].name, name))
			return i;
	return -1;
}

void packet_text(struct packet *p, const char *text)
{
	char copy[1024], *save = NULL, *word;
	__u32 snap = PACKET_MAX;

	if (strlen(text) >= sizeof(copy))
		fail("text too long", text);
	strcpy(copy, text);
	packet_begin(p);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '=');
		int layer;

		if (!value) {
			layer = find_layer(word);
			if (layer < 0)
				fail("no such header", word);
			if (layer != PACKET_eth)
				packet_add(p, layer);
			continue;
		}
		*value++ = '\0';
		if (!strcmp(word, "data"))
			packet_data(p, parse_value(value));
		else if (!strcmp(word, "cut"))
			packet_cut(p, parse_value(value));
		else if (!strcmp(word, "snap"))
			snap = parse_value(value);
		else
			packet_set(p, word, parse_value(value));
	}
	packet_end(p);
	packet_cut(p, snap);
}
