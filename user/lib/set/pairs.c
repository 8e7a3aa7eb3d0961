// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rules that two sets have in common; see pairs.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/ctx.h"
#include "lib/rules/model/rule_name.h"
#include "pairs.h"
#include "read.h"

struct keyed {
	__u64 hash;
	__u32 rule;
};

/* What two rules have in common that are one rule. */
struct identity {
	const char *p; /* NULL: none */
	size_t len;
};

/* The comment, which comes last, does not belong to a rule's identity. */
static struct identity identity_of(const struct xs_set_header *set, __u32 rule, bool by_name)
{
	const char *text = xs_set_string(set, xs_set_rules(set)[rule].text), *comment;
	struct identity own = { NULL, 0 };

	if (by_name) {
		own.p = xs_rule_name(text, &own.len);
		return own;
	}
	own.p = xs_rule_unnamed(text);
	comment = strstr(own.p, " comment \"");
	own.len = comment ? (size_t)(comment - own.p) : strlen(own.p);
	return own;
}

static bool is_same(struct identity a, struct identity b)
{
	return a.len == b.len && !memcmp(a.p, b.p, a.len);
}

static __u64 hash_of(struct identity own)
{
	__u64 hash = 0xcbf29ce484222325ULL; /* FNV-1a: collisions only cost a comparison */

	for (size_t i = 0; i < own.len; i++)
		hash = (hash ^ (unsigned char)own.p[i]) * 0x100000001b3ULL;
	return hash;
}

static int by_hash_then_rule(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* One of the two sets. */
struct side {
	const struct xs_set_header *set;
	bool *paired; /* by rule */
	struct keyed *keys; /* of those that are not, by hash */
	__u32 cnt;
};

static void sort_side(struct side *side, bool by_name)
{
	side->cnt = 0;
	for (__u32 i = 0; i < side->set->rule_cnt; i++) {
		struct identity own = { NULL, 0 };

		if (!side->paired[i])
			own = identity_of(side->set, i, by_name);
		if (own.p)
			side->keys[side->cnt++] = (struct keyed){ hash_of(own), i };
	}
	qsort(side->keys, side->cnt, sizeof(*side->keys), by_hash_then_rule);
}

static void pair(struct xs_rule_pairs *pairs, struct side *old, __u32 from, struct side *new,
		 __u32 to, bool by_name)
{
	/* If different texts have the same hash, the only loss is their counters. */
	if (!is_same(identity_of(old->set, from, by_name), identity_of(new->set, to, by_name)))
		return;
	old->paired[from] = new->paired[to] = true;
	pairs->pairs[pairs->cnt++] = (struct xs_rule_pair){ from, to };
}

static void pair_up(struct xs_rule_pairs *pairs, struct side *old, struct side *new, bool by_name)
{
	__u32 o = 0, n = 0;

	sort_side(old, by_name);
	sort_side(new, by_name);
	while (o < old->cnt && n < new->cnt) {
		if (old->keys[o].hash < new->keys[n].hash) {
			o++;
		} else if (old->keys[o].hash > new->keys[n].hash) {
			n++;
		} else {
			pair(pairs, old, old->keys[o].rule, new, new->keys[n].rule, by_name);
			o++;
			n++;
		}
	}
}

static bool open_side(struct side *side, const struct xs_set_header *set)
{
	side->set = set;
	side->paired = calloc((size_t)set->rule_cnt + 1, sizeof(*side->paired));
	side->keys = calloc((size_t)set->rule_cnt + 1, sizeof(*side->keys));
	return side->paired && side->keys;
}

static void close_side(struct side *side)
{
	free(side->paired);
	free(side->keys);
}

/* Of rules that have a limit in both sets, its counters too. */
static void pair_limits(struct xs_rule_pairs *pairs, const struct xs_set_header *from,
			const struct xs_set_header *to)
{
	pairs->rule_cnt = pairs->cnt;
	for (__u32 i = 0; i < pairs->rule_cnt; i++) {
		const struct xs_rule_pair *rules = &pairs->pairs[i];
		__u32 old = xs_set_rules(from)[rules->from].action.limit;
		__u32 new = xs_set_rules(to)[rules->to].action.limit;

		for (__u32 c = 0; old && new &&c < XS_LIMIT_COUNTERS; c++)
			pairs->pairs[pairs->cnt++] =
				(struct xs_rule_pair){ xs_set_limit_counter(from, old, c),
						       xs_set_limit_counter(to, new, c) };
	}
}

int xs_rule_pairs_find(struct xsteer_ctx *ctx, struct xs_rule_pairs *pairs,
		       const struct xs_set_header *from, const struct xs_set_header *to)
{
	__u32 most = from->rule_cnt < to->rule_cnt ? from->rule_cnt : to->rule_cnt;
	struct side old, new;
	bool good = open_side(&old, from);

	good = open_side(&new, to) && good;
	*pairs = (struct xs_rule_pairs){ .pairs = calloc((size_t)most + 1 +
								 XS_LIMITS_MAX * XS_LIMIT_COUNTERS,
							 sizeof(*pairs->pairs)) };
	good = good && pairs->pairs;
	if (good) {
		pair_up(pairs, &old, &new, true);
		pair_up(pairs, &old, &new, false);
		pair_limits(pairs, from, to);
	} else {
		xs_err(ctx, "not enough memory to carry the rules' counters over");
	}
	close_side(&old);
	close_side(&new);
	return good ? 0 : -ENOMEM;
}

void xs_rule_pairs_free(struct xs_rule_pairs *pairs)
{
	free(pairs->pairs);
	*pairs = (struct xs_rule_pairs){};
}
