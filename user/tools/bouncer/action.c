// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Actions on a packet on its way. Pure: bytes in, bytes out. A packet that is too short
 * for an action, or of another protocol, goes on unchanged.
 */
#include <stddef.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/in.h>

#include "action.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define ICMP_HEADER 8
#define ICMP_ECHO_REQUEST 8
#define ICMP_ECHO_REPLY 0
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129

struct packet {
	unsigned char *data;
	__u32 len;
	/* Filled by find_ip(): the IP header after the tags; NULL: there is none. */
	bool looked;
	unsigned char *ip, *l4; /* l4: NULL unless it is the start of an unfragmented one */
	__u32 l4_len;
	__u8 version, proto;
	bool answered; /* its addresses are exchanged */
};

static __u16 read_be16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

static void swap(unsigned char *a, unsigned char *b, size_t len)
{
	unsigned char kept[16];

	memcpy(kept, a, len);
	memcpy(a, b, len);
	memcpy(b, kept, len);
}

/* After as many VLAN tags as the XDP program steps over. */
static void look_for_ip(struct packet *p)
{
	__u32 off = ETH_HLEN, header;
	unsigned char *ip;
	__u16 type;
	int tags;

	if (p->len < ETH_HLEN)
		return;
	type = read_be16(p->data + off - 2);
	for (tags = 0; (type == ETH_P_8021Q || type == ETH_P_8021AD) && tags < XS_VLAN_MAX;
	     tags++) {
		if (p->len < off + 4)
			return;
		type = read_be16(p->data + off + 2);
		off += 4;
	}
	ip = p->data + off;
	if (type == ETH_P_IP && p->len >= off + IPV4_HEADER && ip[0] >> 4 == 4) {
		p->version = 4;
		p->proto = ip[9];
		header = (ip[0] & 15) * 4;
		/*
		 * Offset 0 and no more to come: the checksum of a fragment also covers
		 * bytes that are elsewhere.
		 */
		if (header >= IPV4_HEADER && !(read_be16(ip + 6) & 0x3fff) &&
		    p->len >= off + header)
			p->l4 = ip + header;
	} else if (type == ETH_P_IPV6 && p->len >= off + IPV6_HEADER && ip[0] >> 4 == 6) {
		p->version = 6;
		p->proto = ip[6];
		header = IPV6_HEADER;
		p->l4 = ip + header;
	} else {
		return;
	}
	p->ip = ip;
	if (p->l4)
		p->l4_len = p->len - off - header;
}

static bool find_ip(struct packet *p)
{
	if (!p->looked)
		look_for_ip(p);
	p->looked = true;
	return p->ip;
}

static void exchange_macs(struct packet *p)
{
	if (p->len >= ETH_HLEN)
		swap(p->data, p->data + ETH_ALEN, ETH_ALEN);
}

/* Checksums, including the pseudo-header's, do not depend on the order of the addresses. */
static void exchange_addresses(struct packet *p)
{
	if (p->version == 4)
		swap(p->ip + 12, p->ip + 16, 4);
	else
		swap(p->ip + 8, p->ip + 24, 16);
}

/* Updates a checksum when one 16-bit word of what it covers changes (RFC 1624). */
static void patch_checksum(unsigned char *sum, __u16 before, __u16 after)
{
	__u32 value = (__u16)~read_be16(sum) + (__u16)~before + after;

	value = (value & 0xffff) + (value >> 16);
	value = (value & 0xffff) + (value >> 16);
	value = ~value & 0xffff;
	/* The other zero: correct for a sum of zero, and the only correct one for all zeros. */
	if (!value)
		value = 0xffff;
	sum[0] = value >> 8;
	sum[1] = value;
}

/* The actions, each named as in XS_BOUNCER_ACTIONS. False: do not send the packet back. */

static bool drop(struct packet *p __attribute__((unused)))
{
	return false;
}

/* Turns an echo request into its reply. */
static bool echo(struct packet *p)
{
	bool v4 = find_ip(p) && p->version == 4;
	__u16 before;

	if (!p->l4 || p->proto != (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6) || p->l4_len < ICMP_HEADER ||
	    p->l4[0] != (v4 ? ICMP_ECHO_REQUEST : ICMPV6_ECHO_REQUEST))
		return true;
	before = read_be16(p->l4);
	p->l4[0] = v4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY;
	patch_checksum(p->l4 + 2, before, read_be16(p->l4));
	exchange_addresses(p);
	exchange_macs(p);
	p->answered = true;
	return true;
}

/* Whether it has ports and the checksum is a sum, which SCTP's is not. */
static bool has_ports(const struct packet *p)
{
	return p->l4 && p->l4_len >= 4 &&
	       (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP || p->proto == IPPROTO_UDPLITE ||
		p->proto == IPPROTO_DCCP);
}

static bool swap_ip(struct packet *p)
{
	if (p->answered || !find_ip(p))
		return true;
	exchange_addresses(p);
	if (has_ports(p))
		swap(p->l4, p->l4 + 2, 2);
	return true;
}

static bool swap_mac(struct packet *p)
{
	if (!p->answered)
		exchange_macs(p);
	return true;
}

#define ACTION(name, option, help) name,
static bool (*const all[XS_ACTION_CNT])(struct packet *) = { XS_BOUNCER_ACTIONS(ACTION) };

bool xs_action_apply(__u32 actions, void *data, __u32 len)
{
	struct packet packet = { .data = data, .len = len };
	int i;

	for (i = 0; i < XS_ACTION_CNT; i++)
		if (actions & 1U << i && !all[i](&packet))
			return false;
	return true;
}
