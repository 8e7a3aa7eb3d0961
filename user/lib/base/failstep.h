/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A hook for the tests. It makes the Nth step of a set-up fail, so that a script can
 * walk through every failure path and look at what is left behind. A tool takes N from
 * XSTEER_FAIL_STEP in its environment. If N is beyond the last step, the tool works as
 * usual, and the script knows where to stop.
 */
#ifndef XS_FAILSTEP_H
#define XS_FAILSTEP_H

struct xsteer_ctx;

/*
 * Returns 0; or -ECANCELED after logging the step's name, if this step of ctx has to
 * fail (ctx->fail_step counts from 1; 0: none). A step that creates something calls
 * this after it has created it, so that the failure has something to undo.
 */
int xs_fail_step(struct xsteer_ctx *ctx, const char *step);

#endif
