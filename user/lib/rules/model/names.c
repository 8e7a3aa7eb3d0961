// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The fixed words of the rule language: fields, and nft's names for values.
 */
#include <string.h>

#include "names.h"

static const struct xs_name ether_types[] = {
	{ "ip", 0x0800 },     { "arp", 0x0806 },
	{ "ip6", 0x86dd },    { "8021q", 0x8100 },
	{ "8021ad", 0x88a8 }, { "vlan", 0x8100 },
	{ "pppoe", 0x8864 },  { "mpls", 0x8847 },
	{ "lldp", 0x88cc },   {},
};

/* As /etc/protocols has them; in capitals none, as nft prints none. */
static const struct xs_name protocols[] = {
	{ "tcp", 6 },	      { "udp", 17 },
	{ "icmp", 1 },	      { "icmpv6", 58 },
	{ "ipv6-icmp", 58 },  { "sctp", 132 },
	{ "igmp", 2 },	      { "gre", 47 },
	{ "esp", 50 },	      { "ah", 51 },
	{ "dccp", 33 },	      { "udplite", 136 },
	{ "comp", 108 },      { "ipcomp", 108 },
	{ "ospf", 89 },	      { "ospfigp", 89 },
	{ "pim", 103 },	      { "vrrp", 112 },
	{ "eigrp", 88 },      { "l2tp", 115 },
	{ "hopopt", 0 },      { "ipencap", 4 },
	{ "ipip", 4 },	      { "ipv6", 41 },
	{ "ipv6-route", 43 }, { "ipv6-frag", 44 },
	{ "ipv6-nonxt", 59 }, { "ipv6-opts", 60 },
	{ "rsvp", 46 },	      { "etherip", 97 },
	{ "encap", 98 },      { "isis", 124 },
	{ "fc", 133 },	      { "mobility-header", 135 },
	{ "manet", 138 },     { "hip", 139 },
	{ "shim6", 140 },     { "wesp", 141 },
	{ "rohc", 142 },      {},
};

static const struct xs_name dscps[] = {
	{ "cs0", 0 },	{ "cs1", 8 },	{ "cs2", 16 },
	{ "cs3", 24 },	{ "cs4", 32 },	{ "cs5", 40 },
	{ "cs6", 48 },	{ "cs7", 56 },	{ "df", 0 },
	{ "be", 0 },	{ "le", 1 },	{ "lephb", 1 },
	{ "af11", 10 }, { "af12", 12 }, { "af13", 14 },
	{ "af21", 18 }, { "af22", 20 }, { "af23", 22 },
	{ "af31", 26 }, { "af32", 28 }, { "af33", 30 },
	{ "af41", 34 }, { "af42", 36 }, { "af43", 38 },
	{ "va", 44 },	{ "ef", 46 },	{},
};

static const struct xs_name fragments[] = {
	{ "none", XS_FRAGMENT_none },
	{ "first", XS_FRAGMENT_first },
	{ "later", XS_FRAGMENT_later },
	{},
};

/* The services one meets in rule files, with IANA's port; the same for every protocol. */
static const struct xs_name services[] = {
	{ "ssh", 22 },
	{ "domain", 53 },
	{ "http", 80 },
	{ "echo", 7 },
	{ "discard", 9 },
	{ "ftp-data", 20 },
	{ "ftp", 21 },
	{ "telnet", 23 },
	{ "smtp", 25 },
	{ "time", 37 },
	{ "tacacs", 49 },
	{ "bootps", 67 },
	{ "bootpc", 68 },
	{ "tftp", 69 },
	{ "kerberos", 88 },
	{ "pop3", 110 },
	{ "sunrpc", 111 },
	{ "ntp", 123 },
	{ "netbios-ns", 137 },
	{ "netbios-dgm", 138 },
	{ "netbios-ssn", 139 },
	{ "imap2", 143 },
	{ "imap", 143 },
	{ "snmp", 161 },
	{ "snmp-trap", 162 },
	{ "bgp", 179 },
	{ "ldap", 389 },
	{ "https", 443 },
	{ "microsoft-ds", 445 },
	{ "submissions", 465 },
	{ "isakmp", 500 },
	{ "syslog", 514 },
	{ "dhcpv6-client", 546 },
	{ "dhcpv6-server", 547 },
	{ "rtsp", 554 },
	{ "submission", 587 },
	{ "ldaps", 636 },
	{ "domain-s", 853 },
	{ "rsync", 873 },
	{ "imaps", 993 },
	{ "pop3s", 995 },
	{ "openvpn", 1194 },
	{ "ms-sql-s", 1433 },
	{ "l2f", 1701 },
	{ "radius", 1812 },
	{ "radius-acct", 1813 },
	{ "nfs", 2049 },
	{ "mysql", 3306 },
	{ "ms-wbt-server", 3389 },
	{ "ipsec-nat-t", 4500 },
	{ "vxlan", 4789 },
	{ "sip", 5060 },
	{ "sip-tls", 5061 },
	{ "mdns", 5353 },
	{ "postgresql", 5432 },
	{ "amqp", 5672 },
	{ "redis", 6379 },
	{ "http-alt", 8080 },
	{},
};

static const struct xs_name tcp_flags[] = {
	{ "fin", 0x01 }, { "syn", 0x02 }, { "rst", 0x04 }, { "psh", 0x08 }, { "ack", 0x10 },
	{ "urg", 0x20 }, { "ecn", 0x40 }, { "cwr", 0x80 }, { "ece", 0x40 }, {},
};

static const struct xs_name icmp_types[] = {
	{ "echo-reply", 0 },	       { "destination-unreachable", 3 },
	{ "source-quench", 4 },	       { "redirect", 5 },
	{ "echo-request", 8 },	       { "router-advertisement", 9 },
	{ "router-solicitation", 10 }, { "time-exceeded", 11 },
	{ "parameter-problem", 12 },   { "timestamp-request", 13 },
	{ "timestamp-reply", 14 },     { "info-request", 15 },
	{ "info-reply", 16 },	       { "address-mask-request", 17 },
	{ "address-mask-reply", 18 },  {},
};

static const struct xs_name icmp_codes[] = {
	{ "net-unreachable", 0 },  { "host-unreachable", 1 },  { "prot-unreachable", 2 },
	{ "port-unreachable", 3 }, { "frag-needed", 4 },       { "net-prohibited", 9 },
	{ "host-prohibited", 10 }, { "admin-prohibited", 13 }, {},
};

static const struct xs_name icmpv6_types[] = {
	{ "destination-unreachable", 1 }, { "packet-too-big", 2 },
	{ "time-exceeded", 3 },		  { "parameter-problem", 4 },
	{ "echo-request", 128 },	  { "echo-reply", 129 },
	{ "mld-listener-query", 130 },	  { "mld-listener-report", 131 },
	{ "mld-listener-done", 132 },	  { "mld-listener-reduction", 132 },
	{ "nd-router-solicit", 133 },	  { "nd-router-advert", 134 },
	{ "nd-neighbor-solicit", 135 },	  { "nd-neighbor-advert", 136 },
	{ "nd-redirect", 137 },		  { "router-renumbering", 138 },
	{ "ind-neighbor-solicit", 141 },  { "ind-neighbor-advert", 142 },
	{ "mld2-listener-report", 143 },  {},
};

static const struct xs_name icmpv6_codes[] = {
	{ "no-route", 0 },
	{ "admin-prohibited", 1 },
	{ "addr-unreachable", 3 },
	{ "port-unreachable", 4 },
	{ "policy-fail", 5 },
	{ "reject-route", 6 },
	{},
};

/* How the values of one field are written; text and bits come from XS_FIELDS. */
#define MAC XS_VALUE_MAC, NULL, "a MAC address"
#define IPV4 XS_VALUE_IPV4, NULL, "an IPv4 address"
#define IPV6 XS_VALUE_IPV6, NULL, "an IPv6 address"
#define NUMBER XS_VALUE_NUMBER, NULL, "a number"
#define ALONE XS_VALUE_NONE, NULL, NULL
#define PROTOCOL XS_VALUE_NUMBER, protocols, "a protocol"
#define DSCP XS_VALUE_NUMBER, dscps, "a DSCP value"
#define PORT XS_VALUE_NUMBER, services, "a port"
#define HOW_ether_saddr MAC
#define HOW_ether_daddr MAC
#define HOW_ether_type XS_VALUE_NUMBER, ether_types, "an EtherType"
#define HOW_vlan_id NUMBER
#define HOW_vlan_pcp NUMBER
#define HOW_ip_saddr IPV4
#define HOW_ip_daddr IPV4
#define HOW_ip_protocol PROTOCOL
#define HOW_ip_dscp DSCP
#define HOW_ip_ttl NUMBER
#define HOW_ip6_saddr IPV6
#define HOW_ip6_daddr IPV6
#define HOW_ip6_nexthdr PROTOCOL
#define HOW_ip6_dscp DSCP
#define HOW_ip6_hoplimit NUMBER
#define HOW_meta_l4proto PROTOCOL
#define HOW_meta_fragment XS_VALUE_NAME, fragments, "a kind of fragment"
#define HOW_meta_length NUMBER
#define HOW_meta_rxqueue NUMBER
#define HOW_tcp ALONE
#define HOW_udp ALONE
#define HOW_sctp ALONE
#define HOW_icmp ALONE
#define HOW_icmpv6 ALONE
#define HOW_tcp_sport PORT
#define HOW_tcp_dport PORT
#define HOW_tcp_port PORT
#define HOW_udp_sport PORT
#define HOW_udp_dport PORT
#define HOW_udp_port PORT
#define HOW_sctp_sport PORT
#define HOW_sctp_dport PORT
#define HOW_sctp_port PORT
#define HOW_th_sport PORT
#define HOW_th_dport PORT
#define HOW_th_port PORT
#define HOW_tcp_flags XS_VALUE_FLAGS, tcp_flags, "a TCP flag"
#define HOW_icmp_type XS_VALUE_NUMBER, icmp_types, "an ICMP type"
#define HOW_icmp_code XS_VALUE_NUMBER, icmp_codes, "an ICMP code"
#define HOW_icmpv6_type XS_VALUE_NUMBER, icmpv6_types, "an ICMPv6 type"
#define HOW_icmpv6_code XS_VALUE_NUMBER, icmpv6_codes, "an ICMPv6 code"

const struct xs_field_info xs_fields[XS_FIELD_MAX] = {
#define X(name, text, bits) [XS_FIELD_##name] = { text, bits, HOW_##name },
	XS_FIELDS(X)
#undef X
};

bool xs_name_find(const struct xs_name *names, const char *name, size_t len, __u32 *value)
{
	if (!len)
		return false;
	for (; names && names->name; names++) {
		if (*names->name == *name && !strncmp(names->name, name, len) &&
		    !names->name[len]) {
			*value = names->value;
			return true;
		}
	}
	return false;
}

/*
 * What follows FAMILY in a field's text: "" for a protocol alone, "saddr" for
 * "ip saddr"; NULL if the field is of another family.
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

xs_u128 xs_field_max(enum xs_field field)
{
	__u32 bits = xs_fields[field].bits;

	if (field == XS_FIELD_meta_fragment)
		return XS_FRAGMENT_later;
	return bits == 128 ? ~(xs_u128)0 : ((xs_u128)1 << bits) - 1;
}
