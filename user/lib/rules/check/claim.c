// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Finds which frames match a rule, and why none does. */
#include <errno.h>
#include <stdio.h>

#include <linux/if_ether.h>

#include "claim.h"
#include "lib/rules/compile/tuples.h"

static int find_kinds(struct xs_arena *arena, struct xs_claim *claim)
{
	for (int kind = 0; kind < XS_KIND_MAX; kind++) {
		struct xs_meaning *met = &claim->kind[claim->kind_cnt];
		int unmet;

		*met = claim->asked;
		unmet = xs_kind_meet(arena, met, (enum xs_kind)kind);
		if (unmet < 0)
			return unmet;
		if (unmet > (int)claim->unmet)
			claim->unmet = (enum xs_unmet)unmet;
		if (unmet == XS_MET) {
			claim->families |= met->families;
			claim->kind_cnt++;
		}
	}
	return 0;
}

#define IS_LEFT 2 /* is none of the errors of xs_tuples_cut() */

static int is_left(void *arg, struct xs_meaning *part)
{
	(void)arg;
	(void)part;
	return IS_LEFT;
}

/* 0: its concatenations exclude all of this meaning. XS_TUPLES_OVERLAP: nobody can tell. */
static int find_left(struct xs_arena *arena, const struct xs_rule *rule,
		     const struct xs_meaning *meaning)
{
	return xs_rule_has_tuples(rule) ? xs_tuples_cut(arena, rule, meaning, is_left, NULL)
					: IS_LEFT;
}

static int find_ports(struct xs_arena *arena, struct xs_claim *claim, const struct xs_rule *rule)
{
	__u32 left_cnt = 0;

	for (__u32 sides = 0; sides < 1U << claim->asked.either_cnt; sides++) {
		struct xs_ranges *ports = claim->ports[claim->port_cnt];
		struct xs_meaning one = claim->asked;
		int err = xs_meaning_choose(arena, &one, sides), left;

		if (err)
			return err;
		ports[0] = one.dim[XS_DIM_sport];
		ports[1] = one.dim[XS_DIM_dport];
		if ((ports[0].range && !ports[0].cnt) || (ports[1].range && !ports[1].cnt))
			continue;
		claim->port_cnt++;
		left = one.never ? 0 : find_left(arena, rule, &one);
		if (left < 0)
			return left;
		left_cnt += left != 0;
	}
	claim->excluded = claim->port_cnt && !left_cnt;
	return 0;
}

int xs_claim_find(struct xs_arena *arena, struct xs_claim *claim, const struct xs_rule *rule)
{
	int err = xs_meaning_find(arena, &claim->asked, rule);

	claim->kind_cnt = claim->port_cnt = 0;
	claim->families = 0;
	claim->unmet = XS_MET;
	if (!err)
		err = find_kinds(arena, claim);
	return err ?: find_ports(arena, claim, rule);
}

/* A field whose own matches leave no value; XS_FIELD_MAX: there is none. */
static int find_contradiction(struct xs_arena *arena, const struct xs_rule *rule,
			      enum xs_field *field)
{
	for (__u32 i = 0; i < rule->match_cnt; i++) {
		struct xs_meaning one = XS_MEANING_ANY;
		struct xs_range possible;

		*field = rule->matches[i].field;
		for (__u32 k = 0; k < rule->match_cnt; k++) {
			int err = rule->matches[k].field == *field
					  ? xs_meaning_add(arena, &one, &rule->matches[k])
					  : 0;

			if (err)
				return err;
		}
		possible = (struct xs_range){ 0, xs_field_max(*field) };
		if (xs_fields[*field].dim < XS_DIM_MAX &&
		    xs_meaning_restrict(arena, &one, xs_fields[*field].dim,
					(struct xs_ranges){ &possible, 1 }))
			return -ENOMEM;
		if (one.never)
			return 0;
	}
	*field = XS_FIELD_MAX;
	return 0;
}

/*
 * If the rule asks only for the tags' types, it means tagged frames. Other types are
 * not a mistake.
 */
static const char *type_words(const struct xs_claim *claim)
{
	static const struct xs_range tags[] = { { ETH_P_8021Q, ETH_P_8021Q },
						{ ETH_P_8021AD, ETH_P_8021AD } };

	if (xs_ranges_within(claim->asked.dim[XS_DIM_ether_type], (struct xs_ranges){ tags, 2 }))
		return "'ether type' is what follows the VLAN tags; "
		       "for tagged frames write 'vlan id 0-4095'";
	return "'ether type' contradicts the other matches";
}

static const char *length_words(const struct xs_claim *claim)
{
	struct xs_ranges length = claim->asked.dim[XS_DIM_length];

	if (length.range[length.cnt - 1].hi < ETH_HLEN)
		return "no frame is shorter than its Ethernet header, 14 bytes";
	return "frames of this 'meta length' are too short for the other matches";
}

static const char *words_of(const struct xs_claim *claim)
{
	switch (claim->kind_cnt ? XS_MET : claim->unmet) {
	case XS_MET:
		break;
	case XS_UNMET_FAMILY:
		return "no frame is IPv4 and IPv6, or ARP, at once";
	case XS_UNMET_TYPE:
		return type_words(claim);
	case XS_UNMET_PROTO:
		return "no frame has all the protocols that the rule asks for";
	case XS_UNMET_FRAGMENT:
		return "later fragments have no ports, flags, types, codes and tunnels";
	case XS_UNMET_LENGTH:
		return length_words(claim);
	}
	return "its ports contradict each other";
}

int xs_claim_why(struct xs_arena *arena, const struct xs_claim *claim, const struct xs_rule *rule,
		 char *words, size_t size)
{
	enum xs_field field;
	int err;

	for (__u32 i = 0; i < rule->match_cnt; i++) {
		const struct xs_match *match = &rule->matches[i];

		if (!xs_fields[match->field].bits || match->range_cnt || match->negate ||
		    match->set)
			continue;
		snprintf(words, size, "what it compares '%s' with is empty",
			 xs_fields[match->field].text);
		return 0;
	}
	if (!claim->asked.never && claim->kind_cnt && claim->excluded) {
		snprintf(words, size, "its != excludes all that the other matches leave");
		return 0;
	}
	err = find_contradiction(arena, rule, &field);

	if (err)
		return err;
	if (field != XS_FIELD_MAX)
		snprintf(words, size, "no frame has the '%s' that the rule asks for",
			 xs_fields[field].text);
	else
		snprintf(words, size, "%s", words_of(claim));
	return 0;
}
