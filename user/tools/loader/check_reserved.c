// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Whether queues that are reserved still are, and what reaches them. */
#include <stdlib.h>

#include "findings.h"
#include "reserve_look.h"

/* What a NIC cannot hash, such as ARP, comes to one queue on many, mostly 0. */
static void find_frames(struct xs_diagnosis *d, const struct xs_reserve_look *look,
			const char *queues)
{
	__u64 by_no_rule = 0;

	for (__u32 i = 0; i < look->queues.cnt; i++)
		by_no_rule += look->since[i].by_no_rule;
	if (by_no_rule)
		xs_find(d, "reserved", XS_LEVEL_WARN,
			"many NICs bring what they cannot hash to queue 0: reserve others",
			"%llu frame%s that no rule sends to a socket came to reserved %s",
			by_no_rule, xs_s(by_no_rule), queues);
	else
		xs_find(d, "reserved", XS_LEVEL_OK, "", "%s: no other frames came there", queues);
}

/* True: it is told. */
static bool find_drift(struct xs_diagnosis *d, const struct xs_pins *pins,
		       const struct xs_reserve_look *look)
{
	struct xs_reserve_drift drift;
	char text[XS_RESERVE_DRIFT_MAX];

	xs_reserve_look_for_drift(pins, look, &drift);
	if (!drift.stale && !drift.missing)
		return false;
	xs_reserve_drift_text(&drift, text);
	xs_find(d, "reserved", XS_LEVEL_WARN,
		xs_fix(d, "xsteer-loader release %s, and reserve again", d->netif.name), "%s",
		text);
	return true;
}

void xs_check_reserved(struct xs_diagnosis *d)
{
	struct xs_reserve_look *look = NULL;
	struct xs_pins pins;
	char queues[256];

	if (d->no_pins || xs_pins_open(d->cli->ctx, &pins, d->netif.name, XS_PINS_READ))
		return;
	if (xs_reserve_look(&pins, &look) > 0) {
		xs_queue_list_text(&look->queues, queues, sizeof(queues));
		if (look->table == XS_RESERVE_TABLE_changed)
			xs_find(d, "reserved", XS_LEVEL_WARN,
				xs_fix(d, "xsteer-loader release %s, and reserve again",
				       d->netif.name),
				"somebody has changed the RSS table since %s %s reserved", queues,
				look->queues.cnt == 1 ? "was" : "were");
		else if (!find_drift(d, &pins, look))
			find_frames(d, look, queues);
	}
	free(look);
	xs_pins_close(&pins);
}
