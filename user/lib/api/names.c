// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The words for the public header's numbers, as rules, counters and manuals use them. */
#include "lib/base/names.h"
#include "lib/instance/instance.h"
#include "lib/set/explain.h"

#include <xsteer/xsteer.h>

/* The public enums have the same values as the pinned ones. */
#define SAME(public, ours) _Static_assert((int)(public) == (int)(ours), "one thing, one number")
SAME(XSTEER_VERDICT_PASS, XS_VERDICT_pass);
SAME(XSTEER_VERDICT_DROP, XS_VERDICT_drop);
SAME(XSTEER_VERDICT_TX, XS_VERDICT_tx);
SAME(XSTEER_VERDICT_XSK, XS_VERDICT_xsk);
SAME(XSTEER_VERDICT_CPU, XS_VERDICT_cpu);
SAME(XSTEER_VERDICT_DEV, XS_VERDICT_dev);
SAME(XSTEER_VERDICT_CHAIN, XS_VERDICT_chain);
SAME(XSTEER_XSK_AUTO, XS_XSK_none);
SAME(XSTEER_XSK_COPY, XS_XSK_copy);
SAME(XSTEER_XSK_ZERO_COPY, XS_XSK_zero_copy);

const char *xsteer_verdict_name(uint32_t verdict)
{
	return verdict < XS_VERDICT_MAX ? xs_verdict_names[verdict] : "?";
}

const char *xsteer_reason_name(uint32_t reason)
{
	return reason < XS_REASON_MAX ? xs_reason_names[reason] : "?";
}

const char *xsteer_xsk_mode_name(uint32_t mode)
{
	return xs_xsk_mode_name(mode);
}

const char *xsteer_mode_name(uint32_t mode)
{
	if (mode == XSTEER_MODE_HARDWARE)
		return "hw";
	return mode <= XSTEER_MODE_SKB ? xs_mode_names[mode] : "?";
}

const char *xsteer_xdp_name(uint32_t xdp)
{
	return xs_xdp_name((int)xdp);
}
