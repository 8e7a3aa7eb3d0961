/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is done to a packet on its way through. Pure: bytes in, bytes out. A
 * packet too short for an action, or of another protocol, goes on as it is.
 */
#include <stddef.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/in.h>

#include "bouncer.h"

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define ICMP_HEADER 8
#define ICMP_ECHO_REQUEST 8
#define ICMP_ECHO_REPLY 0
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129

/* The IP header behind the tags; len: bytes from there on. */
struct ip_view {
	unsigned char *ip, *l4; /* l4: NULL unless it is the start of an unfragmented one */
	__u32 l4_len;
	__u8 version, proto;
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

/* Behind as many VLAN tags as the XDP program steps over. False: not IP, or cut short. */
static bool find_ip(unsigned char *data, __u32 len, struct ip_view *view)
{
	__u32 off = ETH_HLEN, header;
	__u16 type;
	int tags;

	if (len < ETH_HLEN)
		return false;
	type = read_be16(data + off - 2);
	for (tags = 0; (type == ETH_P_8021Q || type == ETH_P_8021AD) && tags < XS_VLAN_MAX;
	     tags++) {
		if (len < off + 4)
			return false;
		type = read_be16(data + off + 2);
		off += 4;
	}
	*view = (struct ip_view){ .ip = data + off };
	if (type == ETH_P_IP && len >= off + IPV4_HEADER && view->ip[0] >> 4 == 4) {
		view->version = 4;
		view->proto = view->ip[9];
		header = (view->ip[0] & 15) * 4;
		/* neither offset nor more to come: a fragment's checksum is not all here */
		if (header >= IPV4_HEADER && !(read_be16(view->ip + 6) & 0x3fff) &&
		    len >= off + header)
			view->l4 = view->ip + header;
	} else if (type == ETH_P_IPV6 && len >= off + IPV6_HEADER && view->ip[0] >> 4 == 6) {
		view->version = 6;
		view->proto = view->ip[6];
		header = IPV6_HEADER;
		view->l4 = view->ip + header;
	} else {
		return false;
	}
	if (view->l4)
		view->l4_len = len - off - header;
	return true;
}

static void swap_mac(unsigned char *data)
{
	swap(data, data + ETH_ALEN, ETH_ALEN);
}

/* Checksums, the pseudo-header's too, do not know which address comes first. */
static void swap_ip(const struct ip_view *view)
{
	if (view->version == 4)
		swap(view->ip + 12, view->ip + 16, 4);
	else
		swap(view->ip + 8, view->ip + 24, 16);
}

/* A checksum's change when one 16-bit word of what it covers changes (RFC 1624). */
static void patch_checksum(unsigned char *sum, __u16 before, __u16 after)
{
	__u32 value = (__u16)~read_be16(sum) + (__u16)~before + after;

	value = (value & 0xffff) + (value >> 16);
	value = (value & 0xffff) + (value >> 16);
	value = ~value & 0xffff;
	/* The other zero: right for what sums to zero, and the only one for all zeros. */
	if (!value)
		value = 0xffff;
	sum[0] = value >> 8;
	sum[1] = value;
}

/* An echo request becomes its reply. True if it was one. */
static bool answer_echo(const struct ip_view *view)
{
	unsigned char request, reply, proto;
	__u16 before;

	request = view->version == 4 ? ICMP_ECHO_REQUEST : ICMPV6_ECHO_REQUEST;
	reply = view->version == 4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY;
	proto = view->version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	if (!view->l4 || view->proto != proto || view->l4_len < ICMP_HEADER ||
	    view->l4[0] != request)
		return false;
	before = read_be16(view->l4);
	view->l4[0] = reply;
	patch_checksum(view->l4 + 2, before, read_be16(view->l4));
	return true;
}

bool xs_action_apply(__u32 actions, void *data, __u32 len)
{
	struct ip_view view;
	bool macs = actions & XS_ACTION_swap_mac, ips = actions & XS_ACTION_swap_ip;

	if (actions & XS_ACTION_drop)
		return false;
	if ((actions & (XS_ACTION_swap_ip | XS_ACTION_echo)) && find_ip(data, len, &view)) {
		if ((actions & XS_ACTION_echo) && answer_echo(&view))
			macs = ips = true;
		if (ips)
			swap_ip(&view);
	}
	if (macs && len >= ETH_HLEN)
		swap_mac(data);
	return true;
}
