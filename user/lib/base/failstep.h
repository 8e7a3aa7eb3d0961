/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A hook for the tests: makes the Nth step of a tool's set-up fail, so that a
 * script can walk through every failure path and look at what is left behind.
 *
 * XSTEER_FAIL_STEP=N in the environment: the Nth call of xs_fail_step() in the
 * process (from 1) fails. With N beyond the last step the tool works as ever,
 * which is how the script knows where to stop.
 */
#ifndef XS_FAILSTEP_H
#define XS_FAILSTEP_H

/*
 * 0, or -ECANCELED after logging the step's name. A step that makes something
 * calls this after it is made, so that the failure has something to undo. From
 * one thread only.
 */
int xs_fail_step(const char *step);

#endif
