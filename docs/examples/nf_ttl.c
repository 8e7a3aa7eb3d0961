/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A network function: drops what has no hops left, sends DNS through an exit. */
#include <netinet/in.h>
#include <xsteer/nf.h>

static enum xsnf_verdict on_packet(struct xsnf *nf, struct xsnf_packet *packet)
{
	__u64 *dns = xsnf_data(nf);
	struct xsnf_headers h;

	if (!xsnf_parse(packet, &h)) /* not IP, or cut short */
		return XSNF_NEXT;
	if (h.l4proto == IPPROTO_UDP && h.dport == 53) {
		++*dns;
		return XSNF_EXIT(0); /* "dns": the chain file says where that leads */
	}
	if (h.ttl <= 1)
		return XSNF_DROP;
	xsnf_dec_ttl(packet, &h); /* and the checksum with it */
	return XSNF_NEXT;
}

int main(int argc, char **argv)
{
	__u64 dns = 0;
	const struct xsnf_ops ops = {
		.service = "ttl",
		.flags = XSNF_MULTI,
		.exits = { "dns" },
		.packet = on_packet,
		.data = &dns,
	};

	return xsnf_main(argc, argv, &ops);
}
