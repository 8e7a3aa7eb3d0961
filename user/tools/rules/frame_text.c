// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A frame on one line; see frame_text.h. Looks no further than to ports and flags. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include "frame_text.h"

#define TAGS_MAX 4 /* as the program steps over */
#define EXTENSIONS_MAX 8 /* likewise */

struct line {
	char *text;
	size_t len;
	const unsigned char *at, *end; /* bytes that are left */
	__u32 length; /* of the frame */
};

static void add(struct line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line->text + line->len, XS_FRAME_TEXT_MAX - line->len, fmt, args);
	va_end(args);
	if (len > 0)
		line->len += len;
	if (line->len >= XS_FRAME_TEXT_MAX)
		line->len = XS_FRAME_TEXT_MAX - 1;
}

/* The next `bytes`; NULL: they are cut off, and the line says so. */
static const void *take(struct line *line, size_t bytes, const char *what)
{
	const unsigned char *here = line->at;

	if (bytes > (size_t)(line->end - line->at)) {
		add(line, "[|%s]", what);
		return NULL;
	}
	line->at += bytes;
	return here;
}

static void add_flags(struct line *line, unsigned char flags)
{
	static const char letters[] = "FSRP.UEW";

	add(line, ": Flags [");
	for (int i = 0; i < 8; i++)
		if (flags & 1 << i)
			add(line, "%c", letters[i]);
	add(line, "%s]", flags ? "" : "none");
}

/* Behind "IP SRC" and "DST" stand the ports, so all of it is written here. */
static void add_ends(struct line *line, int family, const void *from, const void *to,
		     const __be16 *ports)
{
	char text[2][INET6_ADDRSTRLEN];

	inet_ntop(family, from, text[0], sizeof(text[0]));
	inet_ntop(family, to, text[1], sizeof(text[1]));
	if (ports)
		add(line, "%s.%u > %s.%u", text[0], ntohs(ports[0]), text[1], ntohs(ports[1]));
	else
		add(line, "%s > %s", text[0], text[1]);
}

static void add_l4(struct line *line, int family, const void *from, const void *to,
		   unsigned char protocol, long payload)
{
	bool has_ports = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
			 protocol == IPPROTO_SCTP;
	size_t need = protocol == IPPROTO_TCP ? sizeof(struct tcphdr)
		      : has_ports	      ? sizeof(struct udphdr)
					      : 2;
	bool whole = need <= (size_t)(line->end - line->at);
	const unsigned char *l4 = line->at;
	__be16 ports[2];

	if (whole && has_ports)
		memcpy(ports, l4, sizeof(ports));
	add_ends(line, family, from, to, whole && has_ports ? ports : NULL);
	if (protocol == IPPROTO_TCP && whole) {
		add_flags(line, l4[13]);
		payload -= (l4[12] >> 4) * 4;
	} else if (protocol == IPPROTO_UDP && whole) {
		add(line, ": UDP");
		payload -= sizeof(struct udphdr);
	} else if ((protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) && whole) {
		add(line, ": ICMP%s type %u code %u", protocol == IPPROTO_ICMP ? "" : "6", l4[0],
		    l4[1]);
	} else {
		add(line, ": protocol %u%s", protocol, whole ? "" : " [|l4]");
	}
	add(line, ", length %ld", payload > 0 ? payload : 0);
}

static void add_ip(struct line *line)
{
	const struct iphdr *ip;
	struct iphdr copy;
	unsigned int offset;

	add(line, "IP ");
	ip = take(line, sizeof(*ip), "ip");
	if (!ip)
		return;
	memcpy(&copy, ip, sizeof(copy));
	offset = (ntohs(copy.frag_off) & 0x1fff) * 8;
	if (copy.ihl < 5) {
		add(line, "[|ip]");
		return;
	}
	if (copy.ihl > 5 && !take(line, (copy.ihl - 5) * 4, "ip"))
		return;
	if (offset) {
		add_ends(line, AF_INET, &copy.saddr, &copy.daddr, NULL);
		add(line, ": protocol %u, fragment at %u", copy.protocol, offset);
		return;
	}
	add_l4(line, AF_INET, &copy.saddr, &copy.daddr, copy.protocol,
	       ntohs(copy.tot_len) - copy.ihl * 4L);
}

/* Bytes of that header, or 0: it is none that the walk goes on behind. */
static size_t extension_bytes(unsigned char type, unsigned char len)
{
	switch (type) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return (len + 1) * 8;
	case IPPROTO_AH:
		return (len + 2) * 4;
	case IPPROTO_FRAGMENT:
		return 8;
	}
	return 0;
}

/* Up to the L4 header, or to a later fragment's data. False: cut off, and the line says so. */
static bool walk_extensions(struct line *line, unsigned char *next, unsigned int *offset)
{
	for (int i = 0; i < EXTENSIONS_MAX && !*offset; i++) {
		const unsigned char *here = line->at;
		size_t bytes;

		if (!extension_bytes(*next, 0))
			return true;
		if (!take(line, 8, "ip6"))
			return false;
		bytes = extension_bytes(*next, here[1]);
		if (*next == IPPROTO_FRAGMENT)
			*offset = (here[2] << 8 | here[3]) & 0xfff8;
		else if (bytes > 8 && !take(line, bytes - 8, "ip6"))
			return false;
		*next = here[0];
	}
	return true;
}

static void add_ip6(struct line *line)
{
	const unsigned char *behind;
	const struct ip6_hdr *ip6;
	unsigned int offset = 0;
	struct ip6_hdr copy;

	add(line, "IP6 ");
	ip6 = take(line, sizeof(*ip6), "ip6");
	if (!ip6)
		return;
	memcpy(&copy, ip6, sizeof(copy));
	behind = line->at;
	if (!walk_extensions(line, &copy.ip6_nxt, &offset))
		return;
	if (offset) {
		add_ends(line, AF_INET6, &copy.ip6_src, &copy.ip6_dst, NULL);
		add(line, ": protocol %u, fragment at %u", copy.ip6_nxt, offset);
		return;
	}
	add_l4(line, AF_INET6, &copy.ip6_src, &copy.ip6_dst, copy.ip6_nxt,
	       ntohs(copy.ip6_plen) - (line->at - behind));
}

static void add_arp(struct line *line)
{
	const unsigned char *arp;
	char from[INET_ADDRSTRLEN], to[INET_ADDRSTRLEN];

	add(line, "ARP, ");
	arp = take(line, 28, "arp");
	if (!arp)
		return;
	inet_ntop(AF_INET, arp + 14, from, sizeof(from));
	inet_ntop(AF_INET, arp + 24, to, sizeof(to));
	if (arp[7] == 1)
		add(line, "Request who-has %s tell %s", to, from);
	else if (arp[7] == 2)
		add(line, "Reply %s is-at %02x:%02x:%02x:%02x:%02x:%02x", from, arp[8], arp[9],
		    arp[10], arp[11], arp[12], arp[13]);
	else
		add(line, "operation %u", arp[6] << 8 | arp[7]);
	add(line, ", length %u", line->length - ETH_HLEN);
}

void xs_frame_text(char text[XS_FRAME_TEXT_MAX], const unsigned char *bytes, __u32 captured,
		   __u32 length)
{
	struct line line = { text, 0, bytes, bytes + captured, length };
	const unsigned char *eth, *tag;
	__u16 type;

	text[0] = '\0';
	eth = take(&line, ETH_HLEN, "ether");
	if (!eth)
		return;
	type = eth[12] << 8 | eth[13];
	for (int i = 0; i < TAGS_MAX && (type == ETH_P_8021Q || type == ETH_P_8021AD); i++) {
		tag = take(&line, 4, "vlan");
		if (!tag)
			return;
		add(&line, "vlan %u, ", (tag[0] << 8 | tag[1]) & 0xfff);
		type = tag[2] << 8 | tag[3];
	}
	if (type == ETH_P_IP)
		add_ip(&line);
	else if (type == ETH_P_IPV6)
		add_ip6(&line);
	else if (type == ETH_P_ARP)
		add_arp(&line);
	else
		add(&line, "ethertype 0x%04x, length %u", type, length);
}
