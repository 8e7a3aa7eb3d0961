/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A network function: answers pings, ICMP and ICMPv6, for whatever address they were sent
 * to, and sends the answer back. All else goes on. With a rule such as
 * `icmp type echo-request chain echo` the kernel has no work with them.
 *
 *	nf_echo -d eth0
 */
#include <netinet/in.h>
#include <xsteer/nf.h>

enum { ICMP4_REQUEST = 8, ICMP4_REPLY = 0, ICMP6_REQUEST = 128, ICMP6_REPLY = 129 };

static bool is_request(const struct xsnf_headers *h, const unsigned char *icmp)
{
	if (h->version == 4 && h->l4proto == IPPROTO_ICMP)
		return icmp[0] == ICMP4_REQUEST && !icmp[1];
	return h->version == 6 && h->l4proto == IPPROTO_ICMPV6 && icmp[0] == ICMP6_REQUEST &&
	       !icmp[1];
}

/* The checksum changes by as much as the word that it covers (RFC 1624). */
static void set_type(unsigned char *icmp, unsigned char type)
{
	const unsigned char now[2] = { (unsigned char)~icmp[0], (unsigned char)~icmp[1] };
	const unsigned char next[2] = { type, icmp[1] };
	const unsigned char check[2] = { (unsigned char)~icmp[2], (unsigned char)~icmp[3] };
	__u32 sum = xsnf_csum_add(0, check, 2);
	__u16 folded;

	sum = xsnf_csum_add(sum, now, 2);
	sum = xsnf_csum_add(sum, next, 2);
	folded = xsnf_csum_fold(sum);
	icmp[0] = type;
	icmp[2] = (unsigned char)(folded >> 8);
	icmp[3] = (unsigned char)folded;
}

static enum xsnf_verdict on_packet(struct xsnf *nf, struct xsnf_packet *packet)
{
	union xsnf_addr asked;
	struct xsnf_headers h;

	(void)nf;
	if (!xsnf_parse(packet, &h) || !h.l4 || h.l4 + 8u > packet->len || packet->data[0] & 1 ||
	    !is_request(&h, packet->data + h.l4))
		return XSNF_NEXT; /* none, cut short, or to a group */
	set_type(packet->data + h.l4, h.version == 4 ? ICMP4_REPLY : ICMP6_REPLY);
	asked = h.daddr;
	xsnf_set_daddr(packet, &h, &h.saddr);
	xsnf_set_saddr(packet, &h, &asked);
	xsnf_swap_mac(packet);
	return XSNF_TX;
}

int main(int argc, char **argv)
{
	const struct xsnf_ops ops = { .service = "echo", .flags = XSNF_MULTI, .packet = on_packet };

	return xsnf_main(argc, argv, &ops);
}
