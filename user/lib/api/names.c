// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Numbers of the public header as the words that rules, counters and manuals have for them. */
#include "lib/base/names.h"

#include <xsteer/xsteer.h>

/* The public enum is the pinned one. */
#define SAME(public, ours) _Static_assert((int)(public) == (int)(ours), "one verdict, one number")
SAME(XSTEER_VERDICT_PASS, XS_VERDICT_pass);
SAME(XSTEER_VERDICT_DROP, XS_VERDICT_drop);
SAME(XSTEER_VERDICT_TX, XS_VERDICT_tx);
SAME(XSTEER_VERDICT_XSK, XS_VERDICT_xsk);
SAME(XSTEER_VERDICT_CPU, XS_VERDICT_cpu);
SAME(XSTEER_VERDICT_DEV, XS_VERDICT_dev);

const char *xsteer_verdict_name(uint32_t verdict)
{
	return verdict < XS_VERDICT_MAX ? xs_verdict_names[verdict] : "?";
}
