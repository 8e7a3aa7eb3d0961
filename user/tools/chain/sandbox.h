/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The rights that a network function keeps: none, and few system calls. */
#ifndef XS_CHAIN_SANDBOX_H
#define XS_CHAIN_SANDBOX_H

#include <sys/types.h>

#include "lib/base/ctx.h"

#define XS_SANDBOX_ALLOWED_MAX 32

struct xs_sandbox {
	uid_t uid; /* become this user, if root calls; anybody else stays who he is */
	gid_t gid;
	const char *cgroup; /* directory of a cgroup, made if it is missing; NULL: stay */
	const char *allowed[XS_SANDBOX_ALLOWED_MAX]; /* system calls beside those of an NF */
	__u32 allowed_cnt;
};

/*
 * For this process, and what it executes: the cgroup; the user, without other groups; no
 * capability in any set; no new privileges; a filter of system calls. There is no way back.
 * 0 or -errno, logged; the process may then have lost some rights.
 */
int xs_sandbox_enter(struct xsteer_ctx *ctx, const struct xs_sandbox *sandbox);

/* Whether this machine has a system call of that name. */
bool xs_sandbox_knows_call(const char *name);

#endif
