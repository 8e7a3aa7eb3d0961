/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A hook for the tests: makes the Nth step of a set-up fail, so that a script can
 * walk through every failure path and look at what is left behind. A tool takes N
 * from XSTEER_FAIL_STEP in its environment; with N beyond the last step it works
 * as ever, which is how the script knows where to stop.
 */
#ifndef XS_FAILSTEP_H
#define XS_FAILSTEP_H

struct xsteer_ctx;

/*
 * 0, or -ECANCELED after saying the step's name, if this is the step of ctx that
 * shall fail (ctx->fail_step, from 1; 0: none). A step that makes something calls
 * this after it is made, so that the failure has something to undo.
 */
int xs_fail_step(struct xsteer_ctx *ctx, const char *step);

#endif
