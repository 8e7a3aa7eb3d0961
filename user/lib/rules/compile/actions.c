// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The different actions of the rules, numbered, and written where the data path finds them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "refuse.h"
#include "steps.h"

#define SLOTS (2 * XS_ACTIONS_MAX) /* of the hash of actions; at most half of them are taken */

struct action_table {
	struct xs_action action[XS_ACTIONS_MAX]; /* by number */
	__u32 cnt;
	__u32 slot[SLOTS]; /* 1 + number; 0: free */
};

static __u32 find_slot(const struct action_table *t, const struct xs_action *action)
{
	__u64 word;
	__u32 at;

	_Static_assert(sizeof(word) == sizeof(*action), "an action is hashed as one word");
	memcpy(&word, action, sizeof(word));
	at = (word * XS_HASH_A0) >> 32 & (SLOTS - 1);
	while (t->slot[at] && memcmp(&t->action[t->slot[at] - 1], action, sizeof(*action)))
		at = (at + 1) & (SLOTS - 1);
	return at;
}

/*
 * The number of an action; XS_ACTIONS_MAX: there is no room. Number 0 is given last, and so
 * never to the first rule: the data path takes rule 0 with action 0 for "no entry".
 */
static __u32 number_action(struct action_table *t, const struct xs_action *action)
{
	__u32 at = find_slot(t, action), n;

	if (t->slot[at])
		return t->slot[at] - 1;
	if (t->cnt == XS_ACTIONS_MAX)
		return XS_ACTIONS_MAX;
	n = ++t->cnt % XS_ACTIONS_MAX;
	t->action[n] = *action;
	t->slot[at] = 1 + n;
	return n;
}

static int write_actions(struct xs_compiler *c, const struct action_table *t)
{
	__u32 rows = t->cnt < XS_ACTIONS_MAX ? t->cnt + 1 : XS_ACTIONS_MAX, offset;
	int err = xs_chunks_place_first(&c->chunks, rows * sizeof(*t->action), 8, &offset);

	if (err)
		return err;
	memcpy(xs_chunks_at(&c->chunks, 0, offset), t->action, rows * sizeof(*t->action));
	xs_header(c)->actions = offset;
	if (t->cnt >= XS_ACTIONS_BEFORE_SIZES)
		xs_need_layout(c, XS_SET_LAYOUT_SIZES);
	return 0;
}

int xs_actions_write(struct xs_compiler *c)
{
	struct action_table *t = calloc(1, sizeof(*t));
	__u16 *of_rule = malloc((c->rules->rule_cnt + 1) * sizeof(*of_rule));
	int err = -ENOMEM;
	__u8 limit = 0;

	c->action_of_rule = of_rule;
	if (!t || !of_rule)
		goto out;
	for (__u32 i = 0; i < c->rules->rule_cnt; i++) {
		struct xs_action action = c->rules->rules[i].action;
		__u32 n;

		if (c->rules->rules[i].limit.rate)
			action.limit = ++limit;
		n = number_action(t, &action);
		if (n == XS_ACTIONS_MAX) {
			err = xs_refuse(c->report, c->rules, i, "more than %u different verdicts",
					XS_ACTIONS_MAX);
			goto out;
		}
		of_rule[i] = n;
	}
	err = write_actions(c, t);
out:
	free(t);
	return err;
}
