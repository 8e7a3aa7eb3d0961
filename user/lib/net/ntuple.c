// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A NIC's own rules; see ntuple.h. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ethtool.h"
#include "ntuple.h"

/* ---- are they there ---- */

/* The number of the feature in the kernel's list of names; -1: it has none of that name. */
static int feature_bit(const char *ifname, const char *name, __u32 *cnt)
{
	struct {
		struct ethtool_sset_info info;
		__u32 len;
	} ask = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES } };
	struct ethtool_gstrings *names;
	int found = -1;

	if (xs_ethtool(ifname, &ask) || !ask.info.sset_mask)
		return -1;
	*cnt = ask.info.data[0];
	names = calloc(1, sizeof(*names) + (size_t)*cnt * ETH_GSTRING_LEN);
	if (!names)
		return -1;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = *cnt;
	if (!xs_ethtool(ifname, names))
		for (__u32 i = 0; i < names->len && i < *cnt && found < 0; i++)
			if (!strncmp((char *)names->data + (size_t)i * ETH_GSTRING_LEN, name,
				     ETH_GSTRING_LEN))
				found = (int)i;
	free(names);
	return found;
}

enum xs_ntuple_switch xs_ntuple_switch(const char *ifname)
{
	enum xs_ntuple_switch answer = XS_NTUPLE_NEVER;
	struct ethtool_gfeatures *features;
	__u32 cnt = 0, blocks, mask;
	int bit = feature_bit(ifname, "rx-ntuple-filter", &cnt);

	if (bit < 0)
		return answer;
	blocks = (cnt + 31) / 32;
	features = calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));
	if (!features)
		return answer;
	features->cmd = ETHTOOL_GFEATURES;
	features->size = blocks;
	mask = 1U << (bit % 32);
	if (!xs_ethtool(ifname, features)) {
		const struct ethtool_get_features_block *block = &features->features[bit / 32];

		if (block->active & mask)
			answer = XS_NTUPLE_ON;
		else if (block->available & mask && !(block->never_changed & mask))
			answer = XS_NTUPLE_OFF;
	}
	free(features);
	return answer;
}

/* ---- read ---- */

int xs_ntuple_get(const char *ifname, __u32 location, struct ethtool_rx_flow_spec *spec)
{
	struct ethtool_rxnfc ask = { .cmd = ETHTOOL_GRXCLSRULE, .fs.location = location };
	int err = xs_ethtool(ifname, &ask);

	if (err)
		return err == -EINVAL ? -ENOENT : err; /* drivers say either */
	*spec = ask.fs;
	spec->location = location;
	return 0;
}

static int read_locations(const char *ifname, struct ethtool_rxnfc **list)
{
	struct ethtool_rxnfc ask = { .cmd = ETHTOOL_GRXCLSRLCNT };
	int err = xs_ethtool(ifname, &ask);

	if (err)
		return err;
	*list = calloc(1, sizeof(**list) + ask.rule_cnt * sizeof((*list)->rule_locs[0]));
	if (!*list)
		return -ENOMEM;
	(*list)->cmd = ETHTOOL_GRXCLSRLALL;
	(*list)->rule_cnt = ask.rule_cnt;
	err = xs_ethtool(ifname, *list);
	/* how the driver finds locations it says with the count, its table's size with the list */
	(*list)->flow_type = ask.data & RX_CLS_LOC_SPECIAL ? 1 : 0;
	if (!err && (*list)->rule_cnt > ask.rule_cnt)
		(*list)->rule_cnt = ask.rule_cnt;
	if (!(*list)->data)
		(*list)->data = ask.data & ~(__u64)RX_CLS_LOC_SPECIAL;
	return err;
}

int xs_ntuple_read(const char *ifname, struct xs_ntuple_rules *rules)
{
	struct ethtool_rxnfc *list = NULL;
	struct xs_ntuple_rules found = {};
	int err = read_locations(ifname, &list);

	if (!err)
		found.rows = calloc(list->rule_cnt + 1, sizeof(*found.rows));
	if (!err && !found.rows)
		err = -ENOMEM;
	for (__u32 i = 0; !err && i < list->rule_cnt; i++) {
		err = xs_ntuple_get(ifname, list->rule_locs[i], &found.rows[found.cnt]);
		if (!err)
			found.cnt++;
		else if (err == -ENOENT)
			err = 0; /* gone since */
	}
	if (!err) {
		found.room = (__u32)list->data;
		found.picks_location = list->flow_type;
		*rules = found;
	} else {
		free(found.rows);
	}
	free(list);
	return err;
}

/* ---- change ---- */

int xs_ntuple_add(const char *ifname, const struct xs_reserved_flow *flow, __u32 *location)
{
	struct ethtool_rxnfc ask = { .cmd = ETHTOOL_SRXCLSRLINS };
	int err;

	xs_ntuple_spec(flow, &ask.fs);
	ask.fs.location = *location;
	err = xs_ethtool(ifname, &ask);
	if (!err)
		*location = ask.fs.location;
	return err;
}

int xs_ntuple_remove(const char *ifname, __u32 location)
{
	struct ethtool_rxnfc ask = { .cmd = ETHTOOL_SRXCLSRLDEL, .fs.location = location };

	return xs_ethtool(ifname, &ask);
}

/* ---- pure ---- */

static const struct {
	__u8 proto;
	__u32 ipv4, ipv6;
} types[] = {
	{ IPPROTO_TCP, TCP_V4_FLOW, TCP_V6_FLOW },
	{ IPPROTO_UDP, UDP_V4_FLOW, UDP_V6_FLOW },
	{ IPPROTO_SCTP, SCTP_V4_FLOW, SCTP_V6_FLOW },
};

/* True: a rule on the IP header alone. */
static bool is_plain(const struct xs_reserved_flow *flow, __u32 *type)
{
	bool ipv4 = flow->family == XS_FAMILY_ipv4;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (types[i].proto != flow->proto)
			continue;
		*type = ipv4 ? types[i].ipv4 : types[i].ipv6;
		return false;
	}
	*type = ipv4 ? IPV4_USER_FLOW : IPV6_USER_FLOW;
	return true;
}

static void put_bits(void *mask, __u8 bits)
{
	__u8 *bytes = mask;

	for (__u8 i = 0; i < bits; i++)
		bytes[i / 8] |= (__u8)(0x80 >> i % 8);
}

/* The specs of TCP, UDP and SCTP have one layout a family, and that of plain IP begins like it. */
static void put_ipv4(const struct xs_reserved_flow *flow, union ethtool_flow_union *value,
		     union ethtool_flow_union *mask, bool plain)
{
	memcpy(&value->tcp_ip4_spec.ip4src, flow->saddr, 4);
	memcpy(&value->tcp_ip4_spec.ip4dst, flow->daddr, 4);
	put_bits(&mask->tcp_ip4_spec.ip4src, flow->saddr_bits);
	put_bits(&mask->tcp_ip4_spec.ip4dst, flow->daddr_bits);
	if (plain) {
		value->usr_ip4_spec.ip_ver = ETH_RX_NFC_IP4;
		value->usr_ip4_spec.proto = flow->proto;
		mask->usr_ip4_spec.proto = flow->proto ? 0xff : 0;
		return;
	}
	value->tcp_ip4_spec.psrc = flow->sport;
	value->tcp_ip4_spec.pdst = flow->dport;
	mask->tcp_ip4_spec.psrc = flow->ports & XS_FLOW_SPORT ? 0xffff : 0;
	mask->tcp_ip4_spec.pdst = flow->ports & XS_FLOW_DPORT ? 0xffff : 0;
}

static void put_ipv6(const struct xs_reserved_flow *flow, union ethtool_flow_union *value,
		     union ethtool_flow_union *mask, bool plain)
{
	memcpy(value->tcp_ip6_spec.ip6src, flow->saddr, 16);
	memcpy(value->tcp_ip6_spec.ip6dst, flow->daddr, 16);
	put_bits(mask->tcp_ip6_spec.ip6src, flow->saddr_bits);
	put_bits(mask->tcp_ip6_spec.ip6dst, flow->daddr_bits);
	if (plain) {
		value->usr_ip6_spec.l4_proto = flow->proto;
		mask->usr_ip6_spec.l4_proto = flow->proto ? 0xff : 0;
		return;
	}
	value->tcp_ip6_spec.psrc = flow->sport;
	value->tcp_ip6_spec.pdst = flow->dport;
	mask->tcp_ip6_spec.psrc = flow->ports & XS_FLOW_SPORT ? 0xffff : 0;
	mask->tcp_ip6_spec.pdst = flow->ports & XS_FLOW_DPORT ? 0xffff : 0;
}

void xs_ntuple_spec(const struct xs_reserved_flow *flow, struct ethtool_rx_flow_spec *spec)
{
	bool plain;

	memset(spec, 0, sizeof(*spec));
	plain = is_plain(flow, &spec->flow_type);
	if (flow->family == XS_FAMILY_ipv4)
		put_ipv4(flow, &spec->h_u, &spec->m_u, plain);
	else
		put_ipv6(flow, &spec->h_u, &spec->m_u, plain);
	spec->ring_cookie = flow->queue;
	spec->location = flow->location;
}

bool xs_ntuple_same_frames(const struct ethtool_rx_flow_spec *a,
			   const struct ethtool_rx_flow_spec *b)
{
	return (a->flow_type & ~FLOW_RSS) == (b->flow_type & ~FLOW_RSS) &&
	       !memcmp(a->h_u.hdata, b->h_u.hdata, sizeof(a->h_u.hdata)) &&
	       !memcmp(a->m_u.hdata, b->m_u.hdata, sizeof(a->m_u.hdata)) &&
	       !memcmp(&a->h_ext, &b->h_ext, sizeof(a->h_ext)) &&
	       !memcmp(&a->m_ext, &b->m_ext, sizeof(a->m_ext));
}

bool xs_ntuple_to_context(const struct ethtool_rx_flow_spec *spec)
{
	return spec->flow_type & FLOW_RSS;
}

int xs_ntuple_queue(const struct ethtool_rx_flow_spec *spec)
{
	if (spec->flow_type & FLOW_RSS || spec->ring_cookie > 0xffff)
		return -1;
	return (int)spec->ring_cookie;
}

static __u64 fold(__u64 digest, const void *bytes, size_t len)
{
	const __u8 *byte = bytes;

	for (size_t i = 0; i < len; i++)
		digest = (digest ^ byte[i]) * 0x100000001b3ULL; /* FNV-1a */
	return digest;
}

__u64 xs_ntuple_digest(const struct ethtool_rx_flow_spec *spec)
{
	__u64 digest = 0xcbf29ce484222325ULL;

	digest = fold(digest, &spec->flow_type, sizeof(spec->flow_type));
	digest = fold(digest, &spec->h_u, sizeof(spec->h_u));
	digest = fold(digest, &spec->h_ext, sizeof(spec->h_ext));
	digest = fold(digest, &spec->m_u, sizeof(spec->m_u));
	digest = fold(digest, &spec->m_ext, sizeof(spec->m_ext));
	digest = fold(digest, &spec->ring_cookie, sizeof(spec->ring_cookie));
	return digest ? digest : 1;
}
