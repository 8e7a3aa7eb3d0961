/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Frames for tests, built header by header. When a header is added, the one before it
 * is set to name it, and lengths are filled in at the end, unless the test says
 * otherwise. So a broken frame is a good frame with one thing changed.
 */
#ifndef SELFTESTS_PACKETS_H
#define SELFTESTS_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define PACKET_MAX 20000
#define PACKET_LAYERS_MAX 32

typedef unsigned __int128 packet_u128;

enum packet_layer {
	PACKET_eth,
	PACKET_vlan, /* 0x8100 */
	PACKET_qinq, /* 0x88a8 */
	PACKET_arp,
	PACKET_ip,
	PACKET_ip6,
	PACKET_hopopt,
	PACKET_routing,
	PACKET_dstopt,
	PACKET_ah,
	PACKET_frag,
	PACKET_tcp,
	PACKET_udp,
	PACKET_udplite,
	PACKET_sctp,
	PACKET_dccp,
	PACKET_icmp,
	PACKET_icmpv6,
	PACKET_vxlan, /* this one and the next: behind UDP, whose port the test sets */
	PACKET_geneve,
	PACKET_gre, /* with a key, and room for what may stand before it */
	PACKET_LAYER_MAX
};

struct packet {
	__u32 len;
	__u32 layer_cnt;
	struct {
		enum packet_layer type;
		__u32 start;
		__u32 set; /* bit by field: a test chose the value */
	} layers[PACKET_LAYERS_MAX];
	__u8 data[PACKET_MAX];
};

/* An Ethernet header, 02:..:02 to 02:..:01, EtherType 0x88b5 until a layer follows. */
void packet_begin(struct packet *p);

/* The next header, of its smallest size, with values that parse. */
void packet_add(struct packet *p, enum packet_layer layer);

/*
 * Sets a field of the header added last, in host order. Names are in packets.c. A length
 * in words (ihl, doff, len of an extension header) also makes the header that long, but
 * never shorter than its smallest size. An unknown name ends the test program.
 */
void packet_set(struct packet *p, const char *field, packet_u128 value);

/* Adds `len` bytes of a pattern after the last header. */
void packet_data(struct packet *p, __u32 len);

/* Fills in the lengths that the test did not set, from what the frame has now. */
void packet_end(struct packet *p);

/* Cuts the frame at `len`. Before packet_end() lengths will fit; after it they are wrong. */
void packet_cut(struct packet *p, __u32 len);

/*
 * Makes a whole frame from text: names of layers, each followed by name=value for its
 * fields (numbers, MAC, IPv4 and IPv6 addresses), then data=LEN, cut=LEN (lengths in
 * headers fit) or snap=LEN (lengths in headers stay). For example
 *
 *	vlan id=7 ip saddr=10.0.0.1 tcp dport=80 flags=2 data=4
 */
void packet_text(struct packet *p, const char *text);

#endif
