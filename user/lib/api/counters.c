// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Counters by queue, with their names. */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/ctx.h"
#include "lib/instance/queue_stats.h"
#include "open.h"

static const char *const counter_names[XS_COUNTER_CNT] = { "packets", "bytes",
#define X(name) "verdict_" #name,
							   XS_VERDICTS(X)
#undef X
#define X(name) "reason_" #name,
								   XS_MATCH_REASONS(X)
									   XS_FALLBACK_REASONS(X)
#undef X
};

uint32_t xsteer_counter_count(void)
{
	return XS_COUNTER_CNT;
}

const char *xsteer_counter_name(uint32_t counter)
{
	return counter < XS_COUNTER_CNT ? counter_names[counter] : NULL;
}

int xsteer_each_queue(struct xsteer_ctx *ctx, const char *ifname, xsteer_queue_fn each, void *arg)
{
	struct xs_queue_stats *rows;
	uint64_t values[XS_COUNTER_CNT];
	struct xs_pins pins;
	__u32 cnt = 0;
	int err;

	err = xs_api_open(ctx, &pins, ifname);
	if (err)
		return err;
	rows = xs_queue_stats_read(&pins, &cnt);
	if (!rows)
		err = -EIO;
	for (__u32 queue = 0; !err && queue < cnt; queue++) {
		for (__u32 i = 0; i < XS_COUNTER_CNT; i++)
			values[i] = xs_counters(&rows[queue])[i];
		err = each(arg, queue, values, XS_COUNTER_CNT);
	}
	free(rows);
	xs_pins_close(&pins);
	return err;
}
