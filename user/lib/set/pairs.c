// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rules that two sets have in common; see pairs.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/ctx.h"
#include "pairs.h"
#include "read.h"

struct keyed {
	__u64 hash;
	__u32 rule;
};

static const char *text_of(const struct xs_set_header *set, __u32 rule)
{
	return xs_set_string(set, xs_set_rules(set)[rule].text);
}

/* The comment, which comes last, does not belong to a rule's identity. */
static size_t identity_len(const char *text)
{
	const char *comment = strstr(text, " comment \"");

	return comment ? (size_t)(comment - text) : strlen(text);
}

static bool is_same(const char *a, const char *b)
{
	size_t len = identity_len(a);

	return len == identity_len(b) && !memcmp(a, b, len);
}

static __u64 hash_text(const char *text)
{
	__u64 hash = 0xcbf29ce484222325ULL; /* FNV-1a: collisions only cost a comparison */
	const char *end = text + identity_len(text);

	for (; text < end; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	return hash;
}

static int by_hash_then_rule(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static struct keyed *sorted(const struct xs_set_header *set)
{
	struct keyed *keys = calloc((size_t)set->rule_cnt + 1, sizeof(*keys));

	if (!keys)
		return NULL;
	for (__u32 i = 0; i < set->rule_cnt; i++)
		keys[i] = (struct keyed){ hash_text(text_of(set, i)), i };
	qsort(keys, set->rule_cnt, sizeof(*keys), by_hash_then_rule);
	return keys;
}

static void pair_up(struct xs_rule_pairs *pairs, const struct xs_set_header *from,
		    const struct keyed *old, const struct xs_set_header *to,
		    const struct keyed *new)
{
	__u32 o = 0, n = 0;

	while (o < from->rule_cnt && n < to->rule_cnt) {
		if (old[o].hash < new[n].hash) {
			o++;
		} else if (old[o].hash > new[n].hash) {
			n++;
		} else {
			/*
			 * If different texts have the same hash, the only loss is their
			 * counters.
			 */
			if (is_same(text_of(from, old[o].rule), text_of(to, new[n].rule)))
				pairs->pairs[pairs->cnt++] =
					(struct xs_rule_pair){ old[o].rule, new[n].rule };
			o++;
			n++;
		}
	}
}

int xs_rule_pairs_find(struct xsteer_ctx *ctx, struct xs_rule_pairs *pairs,
		       const struct xs_set_header *from, const struct xs_set_header *to)
{
	struct keyed *old = sorted(from), *new = sorted(to);
	__u32 most = from->rule_cnt < to->rule_cnt ? from->rule_cnt : to->rule_cnt;
	int err = 0;

	*pairs = (struct xs_rule_pairs){ .pairs = calloc((size_t)most + 1, sizeof(*pairs->pairs)) };
	if (old && new && pairs->pairs) {
		pair_up(pairs, from, old, to, new);
	} else {
		err = -ENOMEM;
		xs_err(ctx, "not enough memory to carry the rules' counters over");
	}
	free(old);
	free(new);
	return err;
}

void xs_rule_pairs_free(struct xs_rule_pairs *pairs)
{
	free(pairs->pairs);
	*pairs = (struct xs_rule_pairs){};
}
