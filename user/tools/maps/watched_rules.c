// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The rules in force of one instance, sampled repeatedly; see watched_rules.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "watched_rules.h"

static __u64 generation_of(const struct xs_rules_in_force *set)
{
	return set->header ? set->header->generation : 0;
}

static void keep_history(struct xs_watched_rules *rules, const struct xs_rules_in_force *now,
			 double seconds)
{
	for (__u32 i = 0; rules->history && i < rules->cnt; i++) {
		float *row = rules->history[i];

		memmove(row, row + 1, (XS_HISTORY - 1) * sizeof(*row));
		row[XS_HISTORY - 1] =
			(float)((double)(now->stats[i].packets - rules->set.stats[i].packets) /
				seconds);
	}
}

static void begin_again(struct xs_watched_rules *rules, const struct xs_rules_in_force *now)
{
	__u32 cnt = now->header ? now->header->rule_cnt : 0;

	free(rules->history);
	rules->cnt = cnt < XS_RULES_SHOWN ? cnt : XS_RULES_SHOWN;
	rules->history = calloc(rules->cnt + 1, sizeof(*rules->history));
}

int xs_watched_rules_sample(struct xs_watched_rules *rules, const struct xs_pins *pins,
			    double seconds)
{
	struct xs_rules_in_force now;
	int err = xs_rule_sets_read(pins, &now);

	rules->why[0] = '\0';
	if (err) {
		xs_watched_rules_forget(rules);
		snprintf(rules->why, sizeof(rules->why), "%s", pins->ctx->error);
		return err;
	}
	if (rules->begun && generation_of(&rules->set) == generation_of(&now))
		keep_history(rules, &now, seconds);
	else
		begin_again(rules, &now);
	xs_rules_in_force_close(&rules->set);
	rules->set = now;
	rules->begun = true;
	return 0;
}

void xs_watched_rules_forget(struct xs_watched_rules *rules)
{
	free(rules->history);
	xs_rules_in_force_close(&rules->set);
	*rules = (struct xs_watched_rules){};
}
