/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * "Cannot ask" and "there is none" are two answers. Of a call that looks at something, these
 * errors are never an answer about it.
 */
#ifndef XS_RAN_OUT_H
#define XS_RAN_OUT_H

#include <errno.h>
#include <stdbool.h>

/* err: 0 or -errno. */
static inline bool xs_ran_out(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM || err == -ENOBUFS;
}

#endif
