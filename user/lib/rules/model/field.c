// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The fields as rows, and nft's names for their values. Reads neither /etc/protocols
 * nor /etc/services, so that a rule file means the same on every machine.
 */
#include <string.h>

#include "field.h"
#include "maps/rule_set.h"
#include "services.h"

/* ---- names: each with its number behind it ---- */

static const char ether_types[] =
	"ip 2048 arp 2054 ip6 34525 8021q 33024 8021ad 34984 vlan 33024 pppoe 34916 "
	"mpls 34887 lldp 35020";

/* As Debian's /etc/protocols has them; none in capitals, as nft prints none. */
static const char protocols[] =
	"tcp 6 udp 17 icmp 1 icmpv6 58 ipv6-icmp 58 sctp 132 igmp 2 gre 47 esp 50 ah 51 "
	"dccp 33 udplite 136 comp 108 ipcomp 108 ospf 89 ospfigp 89 pim 103 vrrp 112 "
	"eigrp 88 l2tp 115 hopopt 0 ipencap 4 ipip 94 ipv6 41 ipv6-route 43 ipv6-frag 44 "
	"ipv6-nonxt 59 ipv6-opts 60 rsvp 46 etherip 97 encap 98 isis 124 fc 133 "
	"mobility-header 135 manet 138 hip 139 shim6 140 wesp 141 rohc 142 ip 0 ggp 3 st "
	"5 egp 8 igp 9 pup 12 hmp 20 xns-idp 22 rdp 27 iso-tp4 29 xtp 36 ddp 37 idpr-cmtp "
	"38 idrp 45 skip 57 rspf 73 vmtp 81 ax.25 93 mpls-in-ip 137 ethernet 143";

/* meta nfproto: what the frame's EtherType is */
static const char nfprotos[] = "ipv4 2048 ipv6 34525";

static const char dscps[] =
	"cs0 0 cs1 8 cs2 16 cs3 24 cs4 32 cs5 40 cs6 48 cs7 56 df 0 be 0 le 1 lephb 1 "
	"af11 10 af12 12 af13 14 af21 18 af22 20 af23 22 af31 26 af32 28 af33 30 af41 34 "
	"af42 36 af43 38 va 44 ef 46";

static const char ecns[] = "not-ect 0 ect0 2 ect1 1 ce 3";

static const char arp_operations[] =
	"request 1 reply 2 rrequest 3 rreply 4 inrequest 8 inreply 9 nak 10";

static const char fragments[] = "none 0 first 1 later 2";

static const char ct_states[] = "new 0 established 1 related 2";

static const char tcp_flags[] = "fin 1 syn 2 rst 4 psh 8 ack 16 urg 32 ecn 64 cwr 128 ece 64";

static const char icmp_types[] =
	"echo-reply 0 destination-unreachable 3 source-quench 4 redirect 5 echo-request 8 "
	"router-advertisement 9 router-solicitation 10 time-exceeded 11 "
	"parameter-problem 12 timestamp-request 13 timestamp-reply 14 info-request 15 "
	"info-reply 16 address-mask-request 17 address-mask-reply 18";

static const char icmp_codes[] =
	"net-unreachable 0 host-unreachable 1 prot-unreachable 2 port-unreachable 3 "
	"frag-needed 4 net-prohibited 9 host-prohibited 10 admin-prohibited 13";

static const char icmpv6_types[] =
	"destination-unreachable 1 packet-too-big 2 time-exceeded 3 parameter-problem 4 "
	"echo-request 128 echo-reply 129 mld-listener-query 130 mld-listener-report 131 "
	"mld-listener-done 132 mld-listener-reduction 132 nd-router-solicit 133 "
	"nd-router-advert 134 nd-neighbor-solicit 135 nd-neighbor-advert 136 "
	"nd-redirect 137 router-renumbering 138 ind-neighbor-solicit 141 "
	"ind-neighbor-advert 142 mld2-listener-report 143";

static const char icmpv6_codes[] =
	"no-route 0 admin-prohibited 1 addr-unreachable 3 port-unreachable 4 policy-fail 5 "
	"reject-route 6";

/* ---- how values are written ---- */

#define VALUES_none XS_VALUE_NONE, NULL, NULL
#define VALUES_number XS_VALUE_NUMBER, NULL, "a number"
#define VALUES_mac XS_VALUE_MAC, NULL, "a MAC address"
#define VALUES_ipv4 XS_VALUE_IPV4, NULL, "an IPv4 address"
#define VALUES_ipv6 XS_VALUE_IPV6, NULL, "an IPv6 address"
#define VALUES_ether_type XS_VALUE_NUMBER, ether_types, "an EtherType"
#define VALUES_nfproto XS_VALUE_NAME, nfprotos, "a family"
#define VALUES_protocol XS_VALUE_NUMBER, protocols, "a protocol"
#define VALUES_dscp XS_VALUE_NUMBER, dscps, "a DSCP value"
#define VALUES_ecn XS_VALUE_NUMBER, ecns, "an ECN value"
#define VALUES_arp_operation XS_VALUE_NUMBER, arp_operations, "an ARP operation"
#define VALUES_fragment XS_VALUE_NAME, fragments, "a kind of fragment"
#define VALUES_port XS_VALUE_NUMBER, xs_services, "a port"
#define VALUES_flags XS_VALUE_FLAGS, tcp_flags, "a TCP flag"
#define VALUES_ct_state XS_VALUE_NAME, ct_states, "a state of connections"
#define VALUES_icmp_type XS_VALUE_NUMBER, icmp_types, "an ICMP type"
#define VALUES_icmp_code XS_VALUE_NUMBER, icmp_codes, "an ICMP code"
#define VALUES_icmpv6_type XS_VALUE_NUMBER, icmpv6_types, "an ICMPv6 type"
#define VALUES_icmpv6_code XS_VALUE_NUMBER, icmpv6_codes, "an ICMPv6 code"

/* ---- headers ---- */

static const struct xs_range icmp[] = { { 1, 1 } };
static const struct xs_range tcp[] = { { 6, 6 } };
static const struct xs_range udp[] = { { 17, 17 } };
static const struct xs_range gre[] = { { 47, 47 } };
static const struct xs_range icmpv6[] = { { 58, 58 } };
static const struct xs_range dccp[] = { { 33, 33 } };
static const struct xs_range sctp[] = { { 132, 132 } };
static const struct xs_range udplite[] = { { 136, 136 } };
static const struct xs_range tracked[] = { { 6, 6 }, { 17, 17 } };
static const struct xs_range ports[] = {
	{ 6, 6 }, { 17, 17 }, { 33, 33 }, { 132, 132 }, { 136, 136 }
};

static const struct xs_range arp_type[] = { { 0x0806, 0x0806 } };
static const struct xs_range vxlan_port[] = { { XS_PORT_VXLAN, XS_PORT_VXLAN } };
static const struct xs_range geneve_port[] = { { XS_PORT_GENEVE, XS_PORT_GENEVE } };

#define IP4 XS_FAMILY_BIT(XS_FAMILY_ipv4)
#define IP6 XS_FAMILY_BIT(XS_FAMILY_ipv6)
#define OF(protos) \
	{ \
		protos, sizeof(protos) / sizeof((protos)[0]) \
	}

static const struct xs_header_info header_frame = { .families = XS_FAMILIES_ALL };
static const struct xs_header_info header_tag = { XS_FAMILIES_ALL, .tag_bytes = 4 };
static const struct xs_header_info header_any_arp = { XS_FAMILY_BIT(XS_FAMILY_none),
						      .types = OF(arp_type) };
static const struct xs_header_info header_arp = { XS_FAMILY_BIT(XS_FAMILY_none), 0, 8,
						  .types = OF(arp_type) };
static const struct xs_header_info header_second_tag = { XS_FAMILIES_ALL, .tag_bytes = 8 };
/* As far as the end of the address. */
static const struct xs_header_info header_arp_sender = { XS_FAMILY_BIT(XS_FAMILY_none), 0, 18,
							 .types = OF(arp_type) };
static const struct xs_header_info header_arp_target = { XS_FAMILY_BIT(XS_FAMILY_none), 0, 28,
							 .types = OF(arp_type) };
static const struct xs_header_info header_ip4 = { .families = IP4 };
static const struct xs_header_info header_ip6 = { .families = IP6 };
static const struct xs_header_info header_ip = { .families = XS_FAMILIES_IP };
static const struct xs_header_info header_any_tcp = { XS_FAMILIES_IP, 0, 0, OF(tcp), {}, {} };
static const struct xs_header_info header_any_udp = { XS_FAMILIES_IP, 0, 0, OF(udp), {}, {} };
static const struct xs_header_info header_any_sctp = { XS_FAMILIES_IP, 0, 0, OF(sctp), {}, {} };
static const struct xs_header_info header_any_dccp = { XS_FAMILIES_IP, 0, 0, OF(dccp), {}, {} };
static const struct xs_header_info header_any_udplite = {
	XS_FAMILIES_IP, 0, 0, OF(udplite), {}, {}
};
static const struct xs_header_info header_any_icmp = { IP4, 0, 0, OF(icmp), {}, {} };
static const struct xs_header_info header_any_icmpv6 = { IP6, 0, 0, OF(icmpv6), {}, {} };
static const struct xs_header_info header_tcp = { XS_FAMILIES_IP, 0, 20, OF(tcp), {}, {} };
static const struct xs_header_info header_udp = { XS_FAMILIES_IP, 0, 8, OF(udp), {}, {} };
static const struct xs_header_info header_sctp = { XS_FAMILIES_IP, 0, 12, OF(sctp), {}, {} };
static const struct xs_header_info header_dccp = { XS_FAMILIES_IP, 0, 12, OF(dccp), {}, {} };
static const struct xs_header_info header_udplite = { XS_FAMILIES_IP, 0, 8, OF(udplite), {}, {} };
static const struct xs_header_info header_ports = { XS_FAMILIES_IP, 0, 8, OF(ports), {}, {} };
static const struct xs_header_info header_icmp = { IP4, 0, 8, OF(icmp), {}, {} };
static const struct xs_header_info header_icmpv6 = { IP6, 0, 8, OF(icmpv6), {}, {} };
/* UDP's header with it. */
static const struct xs_header_info header_vxlan = { XS_FAMILIES_IP, 0, 16, OF(udp),
						    .dports = OF(vxlan_port) };
static const struct xs_header_info header_geneve = { XS_FAMILIES_IP, 0, 16, OF(udp),
						     .dports = OF(geneve_port) };
static const struct xs_header_info header_connection = {
	XS_FAMILIES_IP, 0, 8, OF(tracked), {}, {}
};
static const struct xs_header_info header_gre = { XS_FAMILIES_IP, 0, 8, OF(gre), {}, {} };

const struct xs_field_info xs_fields[XS_FIELD_MAX] = {
#define X(name, text, bits, dim, values, header) \
	[XS_FIELD_##name] = { text, bits, XS_DIM_##dim, &header_##header, VALUES_##values },
	XS_FIELDS(X)
#undef X
};

const struct xs_dim_place xs_dim_places[XS_DIM_MAX] = {
#define X(name, word, shift, bits) [XS_DIM_##name] = { XS_KEY_##word, shift, bits },
	XS_KEY_FIELDS(X)
#undef X
};

__u32 xs_dim_bits(enum xs_dim dim, __u8 families)
{
	if (dim == XS_DIM_saddr || dim == XS_DIM_daddr)
		return families == IP4 ? 32 : 128;
	return xs_dim_places[dim].bits;
}

__u32 xs_field_layout(enum xs_field field)
{
	enum xs_dim dim = xs_fields[field].dim;

	if (dim == XS_DIM_ct_state)
		return XS_SET_LAYOUT_CT;
	if (dim > XS_DIM_daddr && dim < XS_DIM_MAX &&
	    (xs_dim_places[dim].word == XS_KEY_inner || xs_dim_places[dim].word == XS_KEY_tunnel))
		return XS_SET_LAYOUT_INNER;
	switch (field) {
	case XS_FIELD_vlan_dei:
	case XS_FIELD_arp_operation:
	case XS_FIELD_arp_htype:
	case XS_FIELD_arp_hlen:
	case XS_FIELD_arp_plen:
	case XS_FIELD_ip_ecn:
	case XS_FIELD_ip_length:
	case XS_FIELD_ip_id:
	case XS_FIELD_ip_frag_off:
	case XS_FIELD_ip_hdrlength:
	case XS_FIELD_ip6_ecn:
		return XS_SET_LAYOUT_BEFORE_SIZES;
	default:
		return XS_SET_LAYOUT_BEFORE_FIELDS;
	}
}

xs_u128 xs_field_max(enum xs_field field)
{
	if (field == XS_FIELD_meta_fragment)
		return XS_FRAGMENT_later;
	if (field == XS_FIELD_ct_state)
		return XS_CT_STATE_MAX - 1;
	return xs_ones(xs_fields[field].bits);
}

/*
 * What follows FAMILY in a field's text: "" for a protocol alone, "saddr" for "ip
 * saddr"; NULL: the field has another family.
 */
static const char *after_family(enum xs_field field, const char *family, size_t len)
{
	const char *text = xs_fields[field].text;

	if (*text != *family || strncmp(text, family, len))
		return NULL;
	if (!text[len])
		return text + len;
	return text[len] == ' ' ? text + len + 1 : NULL;
}

enum xs_field xs_field_find(const char *family, size_t family_len, const char *word,
			    size_t word_len)
{
	for (int i = 0; i < XS_FIELD_MAX; i++) {
		const char *rest = after_family((enum xs_field)i, family, family_len);

		if (rest && !strncmp(rest, word, word_len) && !rest[word_len])
			return (enum xs_field)i;
	}
	return XS_FIELD_MAX;
}

bool xs_is_family(const char *family, size_t family_len)
{
	for (int i = 0; i < XS_FIELD_MAX; i++)
		if (after_family((enum xs_field)i, family, family_len))
			return true;
	return false;
}

bool xs_field_goes_on(const char *family, size_t family_len, const char *word, size_t word_len)
{
	for (int i = 0; i < XS_FIELD_MAX; i++) {
		const char *rest = after_family((enum xs_field)i, family, family_len);

		if (rest && !strncmp(rest, word, word_len) && rest[word_len] == ' ')
			return true;
	}
	return false;
}

bool xs_name_next(const char **names, struct xs_name *name)
{
	const char *p = *names;

	if (!p || !*p)
		return false;
	*name = (struct xs_name){ .name = p, .len = strcspn(p, " ") };
	for (p += name->len + 1; *p >= '0' && *p <= '9'; p++)
		name->value = name->value * 10 + (__u32)(*p - '0');
	*names = *p ? p + 1 : p;
	return true;
}

bool xs_name_find(const char *names, const char *name, size_t len, __u32 *value)
{
	struct xs_name one;
	size_t digits = 0;

	/* most values are numbers and ranges, which no name is, and services are many */
	while (digits < len &&
	       ((name[digits] >= '0' && name[digits] <= '9') || name[digits] == '-'))
		digits++;
	if (digits == len)
		return false;
	while (xs_name_next(&names, &one)) {
		if (one.len == len && !memcmp(one.name, name, len)) {
			*value = one.value;
			return true;
		}
	}
	return false;
}
