// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The table of what each field says about a frame. */
#include "nature.h"

static const struct xs_range type_ip[] = { { XS_TYPE_IP, XS_TYPE_IP } };
static const struct xs_range type_ip6[] = { { XS_TYPE_IP6, XS_TYPE_IP6 } };
static const struct xs_range not_later[] = { { XS_FRAGMENT_none, XS_FRAGMENT_first } };
static const struct xs_range walked[] = { { 0, 0 }, { 43, 44 }, { 51, 51 }, { 60, 60 } };

const struct xs_term xs_type_ip = XS_TERM(type_ip);
const struct xs_term xs_type_ip6 = XS_TERM(type_ip6);
const struct xs_term xs_not_later = XS_TERM(not_later);
const struct xs_term xs_walked = XS_TERM(walked);

static const struct xs_range tcp_proto[] = { { 6, 6 } };
static const struct xs_range udp_proto[] = { { 17, 17 } };
static const struct xs_range sctp_proto[] = { { 132, 132 } };
static const struct xs_range icmp_proto[] = { { 1, 1 } };
static const struct xs_range icmpv6_proto[] = { { 58, 58 } };
static const struct xs_range th_protos[] = {
	{ 6, 6 }, { 17, 17 }, { 33, 33 }, { 132, 132 }, { 136, 136 }
};

#define IN(frames) \
	{ \
		.kinds = frames \
	}
#define HEADER(frames, of) \
	{ \
		.kinds = frames, .protos = XS_TERM(of) \
	}
#define IN_L4(frames, of, bytes) \
	{ \
		.kinds = frames, .protos = XS_TERM(of), .in_l4 = true, .l4_bytes = bytes \
	}
#define ANY_FRAME IN(XS_KINDS_ALL)
#define IN_IP4 IN(XS_KIND_IP4)
#define IN_IP6 IN(XS_KIND_IP6)
#define IN_IP IN(XS_KINDS_IP)
#define IN_TCP IN_L4(XS_KINDS_IP, tcp_proto, 20)
#define IN_UDP IN_L4(XS_KINDS_IP, udp_proto, 8)
#define IN_SCTP IN_L4(XS_KINDS_IP, sctp_proto, 12)
#define IN_TH IN_L4(XS_KINDS_IP, th_protos, 8)
#define IN_ICMP IN_L4(XS_KIND_IP4, icmp_proto, 8)
#define IN_ICMPV6 IN_L4(XS_KIND_IP6, icmpv6_proto, 8)

const struct xs_nature xs_natures[XS_FIELD_MAX] = {
	[XS_FIELD_ether_saddr] = ANY_FRAME,
	[XS_FIELD_ether_daddr] = ANY_FRAME,
	[XS_FIELD_ether_type] = ANY_FRAME,
	[XS_FIELD_vlan_id] = ANY_FRAME,
	[XS_FIELD_vlan_pcp] = ANY_FRAME,
	[XS_FIELD_ip_saddr] = IN_IP4,
	[XS_FIELD_ip_daddr] = IN_IP4,
	[XS_FIELD_ip_protocol] = IN_IP4,
	[XS_FIELD_ip_dscp] = IN_IP4,
	[XS_FIELD_ip_ttl] = IN_IP4,
	[XS_FIELD_ip6_saddr] = IN_IP6,
	[XS_FIELD_ip6_daddr] = IN_IP6,
	[XS_FIELD_ip6_nexthdr] = IN_IP6,
	[XS_FIELD_ip6_dscp] = IN_IP6,
	[XS_FIELD_ip6_hoplimit] = IN_IP6,
	[XS_FIELD_meta_l4proto] = IN_IP,
	[XS_FIELD_meta_fragment] = IN_IP,
	[XS_FIELD_meta_length] = ANY_FRAME,
	[XS_FIELD_meta_rxqueue] = ANY_FRAME,
	[XS_FIELD_tcp] = HEADER(XS_KINDS_IP, tcp_proto),
	[XS_FIELD_udp] = HEADER(XS_KINDS_IP, udp_proto),
	[XS_FIELD_sctp] = HEADER(XS_KINDS_IP, sctp_proto),
	[XS_FIELD_icmp] = HEADER(XS_KIND_IP4, icmp_proto),
	[XS_FIELD_icmpv6] = HEADER(XS_KIND_IP6, icmpv6_proto),
	[XS_FIELD_tcp_sport] = IN_TCP,
	[XS_FIELD_tcp_dport] = IN_TCP,
	[XS_FIELD_tcp_port] = IN_TCP,
	[XS_FIELD_udp_sport] = IN_UDP,
	[XS_FIELD_udp_dport] = IN_UDP,
	[XS_FIELD_udp_port] = IN_UDP,
	[XS_FIELD_sctp_sport] = IN_SCTP,
	[XS_FIELD_sctp_dport] = IN_SCTP,
	[XS_FIELD_sctp_port] = IN_SCTP,
	[XS_FIELD_th_sport] = IN_TH,
	[XS_FIELD_th_dport] = IN_TH,
	[XS_FIELD_th_port] = IN_TH,
	[XS_FIELD_tcp_flags] = IN_TCP,
	[XS_FIELD_icmp_type] = IN_ICMP,
	[XS_FIELD_icmp_code] = IN_ICMP,
	[XS_FIELD_icmpv6_type] = IN_ICMPV6,
	[XS_FIELD_icmpv6_code] = IN_ICMPV6,
};

__u8 xs_kinds_of(const struct xs_rule *rule)
{
	__u8 kinds = XS_KINDS_ALL;

	for (__u32 i = 0; i < rule->match_cnt; i++)
		kinds &= xs_natures[rule->matches[i].field].kinds;
	return kinds;
}

enum xs_port_side xs_port_side(enum xs_field field)
{
	switch (field) {
	case XS_FIELD_tcp_sport:
	case XS_FIELD_udp_sport:
	case XS_FIELD_sctp_sport:
	case XS_FIELD_th_sport:
		return XS_PORT_SOURCE;
	case XS_FIELD_tcp_dport:
	case XS_FIELD_udp_dport:
	case XS_FIELD_sctp_dport:
	case XS_FIELD_th_dport:
		return XS_PORT_DESTINATION;
	case XS_FIELD_tcp_port:
	case XS_FIELD_udp_port:
	case XS_FIELD_sctp_port:
	case XS_FIELD_th_port:
		return XS_PORT_EITHER;
	default:
		return XS_PORT_NONE;
	}
}
