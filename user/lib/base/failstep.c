// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Makes the Nth step of a set-up fail, for the tests; see failstep.h. */
#include <errno.h>

#include "ctx.h"
#include "failstep.h"

int xs_fail_step(struct xsteer_ctx *ctx, const char *step)
{
	if (++ctx->step != ctx->fail_step)
		return 0;
	xs_err(ctx, "step %u (%s) fails: XSTEER_FAIL_STEP asked for it", ctx->step, step);
	return -ECANCELED;
}
