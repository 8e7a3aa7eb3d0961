// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The kinds as rows, and what is left of a rule in one; see kind.h. */
#include <errno.h>

#include <linux/if_ether.h>

#include "kind.h"

/* EtherTypes are compared after the VLAN tags, so no frame has a tag's type there. */
static const struct xs_range type_ip4[] = { { ETH_P_IP, ETH_P_IP } };
static const struct xs_range type_ip6[] = { { ETH_P_IPV6, ETH_P_IPV6 } };
static const struct xs_range type_other[] = {
	{ 0, ETH_P_IP - 1 },
	{ ETH_P_IP + 1, ETH_P_8021Q - 1 },
	{ ETH_P_8021Q + 1, ETH_P_IPV6 - 1 },
	{ ETH_P_IPV6 + 1, ETH_P_8021AD - 1 },
	{ ETH_P_8021AD + 1, 0xffff },
};
static const struct xs_range any_proto[] = { { 0, 255 } };
/*
 * IPv6 extension headers that the program walks. They are no L4 protocol, except after
 * a later fragment.
 */
static const struct xs_range walked[] = { { 0, 0 }, { 43, 44 }, { 51, 51 }, { 60, 60 } };
static const struct xs_range not_walked[] = { { 1, 42 }, { 45, 50 }, { 52, 59 }, { 61, 255 } };
static const struct xs_range any_fragment[] = { { XS_FRAGMENT_none, XS_FRAGMENT_later } };
static const struct xs_range not_later[] = { { XS_FRAGMENT_none, XS_FRAGMENT_first } };
static const struct xs_range only_none[] = { { XS_FRAGMENT_none, XS_FRAGMENT_none } };
static const struct xs_range only_later[] = { { XS_FRAGMENT_later, XS_FRAGMENT_later } };

#define SET(array) \
	{ \
		array, sizeof(array) / sizeof((array)[0]) \
	}

static const struct {
	enum xs_family family;
	__u32 bytes;
	struct xs_ranges type, proto, nexthdr, fragment; /* NULL: frames of the kind have none */
} kinds[XS_KIND_MAX] = {
	[XS_KIND_ip4] = { XS_FAMILY_ipv4,
			  14 + 20,
			  SET(type_ip4),
			  SET(any_proto),
			  {},
			  SET(any_fragment) },
	[XS_KIND_ip6_direct] = { XS_FAMILY_ipv6, 14 + 40, SET(type_ip6), SET(not_walked),
				 SET(not_walked), SET(only_none) },
	[XS_KIND_ip6_walked] = { XS_FAMILY_ipv6, 14 + 40, SET(type_ip6), SET(not_walked),
				 SET(walked), SET(not_later) },
	[XS_KIND_ip6_later] = { XS_FAMILY_ipv6, 14 + 40, SET(type_ip6), SET(any_proto), SET(walked),
				SET(only_later) },
	[XS_KIND_other] = { XS_FAMILY_none, 14, SET(type_other), {}, {}, {} },
};

__u32 xs_kind_bytes(enum xs_kind kind)
{
	return kinds[kind].bytes;
}

struct demand {
	enum xs_dim dim;
	struct xs_ranges ranges; /* NULL: none */
	enum xs_unmet unmet; /* the result if it leaves no value */
};

int xs_kind_meet(struct xs_arena *arena, struct xs_meaning *meaning, enum xs_kind kind)
{
	const struct xs_ranges l4_fragment = SET(not_later), none = {}, any = SET(any_proto);
	struct xs_range *length = xs_arena_get(arena, sizeof(*length));
	const struct demand demands[] = {
		{ XS_DIM_ether_type, kinds[kind].type, XS_UNMET_TYPE },
		{ XS_DIM_l4proto, meaning->protos.range ? meaning->protos : any, XS_UNMET_PROTO },
		{ XS_DIM_fragment, meaning->l4_bytes ? l4_fragment : none, XS_UNMET_FRAGMENT },
		{ XS_DIM_l4proto, kinds[kind].proto, XS_UNMET_PROTO },
		{ XS_DIM_nexthdr, kinds[kind].nexthdr, XS_UNMET_PROTO },
		{ XS_DIM_fragment, kinds[kind].fragment, XS_UNMET_PROTO },
		{ XS_DIM_length, { length, 1 }, XS_UNMET_LENGTH },
	};
	int err;

	if (!(meaning->families & XS_FAMILY_BIT(kinds[kind].family)))
		return XS_UNMET_FAMILY;
	if (!length)
		return -ENOMEM;
	*length = (struct xs_range){ kinds[kind].bytes + meaning->tag_bytes + meaning->l4_bytes,
				     XS_KEY_LENGTH_MAX };
	meaning->families = XS_FAMILY_BIT(kinds[kind].family);
	for (size_t i = 0; i < sizeof(demands) / sizeof(demands[0]); i++) {
		const struct demand *one = &demands[i];

		if (!one->ranges.range)
			continue;
		err = xs_meaning_restrict(arena, meaning, one->dim, one->ranges);
		/* The fixed header's next header is the protocol. */
		if (!err && kind == XS_KIND_ip6_direct && one->dim == XS_DIM_nexthdr) {
			err = xs_meaning_restrict(arena, meaning, XS_DIM_nexthdr,
						  meaning->dim[XS_DIM_l4proto]);
			meaning->dim[XS_DIM_l4proto] = meaning->dim[XS_DIM_nexthdr];
		}
		if (err)
			return err;
		if (!meaning->dim[one->dim].cnt)
			return one->unmet;
	}
	return XS_MET;
}
