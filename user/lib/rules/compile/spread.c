// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Writes the sets of CPUs that actions name by number. */
#include <string.h>

#include "steps.h"

static void write_key(struct xs_set_spread *to, enum xs_spread_by by)
{
	bool ip = by == XS_SPREAD_ip_saddr || by == XS_SPREAD_ip_daddr;
	bool src = by == XS_SPREAD_ip_saddr || by == XS_SPREAD_ip6_saddr;
	bool flow = by == XS_SPREAD_flow;

	to->src = flow || src ? ~0U : 0;
	to->dst = flow || !src ? ~0U : 0;
	to->l4 = flow ? ~0U : 0;
	to->families = flow ? XS_FAMILIES_IP
		       : ip ? XS_FAMILY_BIT(XS_FAMILY_ipv4)
			    : XS_FAMILY_BIT(XS_FAMILY_ipv6);
}

int xs_spreads_write(struct xs_compiler *c)
{
	const struct xs_ruleset *rules = c->rules;
	struct xs_set_spread *to;
	__u32 offset;
	int err;

	if (!rules->spread_cnt)
		return 0;
	err = xs_chunks_place_first(&c->chunks, rules->spread_cnt * sizeof(*to), sizeof(*to),
				    &offset);
	if (err)
		return err;
	xs_header(c)->flags |= XS_SET_SPREAD;
	xs_header(c)->spreads = offset;
	xs_header(c)->spread_cnt = rules->spread_cnt;
	to = xs_chunks_at(&c->chunks, 0, offset);
	for (__u32 i = 0; i < rules->spread_cnt; i++) {
		write_key(&to[i], (enum xs_spread_by)rules->spreads[i].by);
		to[i].cnt = (__u16)rules->spreads[i].cnt;
		memcpy(to[i].member, rules->spreads[i].member, sizeof(to[i].member));
	}
	return 0;
}
