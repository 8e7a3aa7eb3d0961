/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An instance under construction. Only for attach.c. build.c makes its pins in a
 * directory beside the final one; hook.c puts its program on the hook.
 */
#ifndef XS_INSTANCE_BUILD_H
#define XS_INSTANCE_BUILD_H

#include <limits.h>

#include "lib/net/netif.h"
#include "instance.h"
#include "live.h"

struct xsteer_bpf;

/* What happens to an instance that is already there. */
enum xs_replacing {
	XS_REPLACE_nothing, /* there is no instance, or only its pins */
	XS_REPLACE_in_link, /* its link stays and gets the new program */
	XS_REPLACE_by_libxdp, /* libxdp puts the new program beside it, or in its place */
	XS_REPLACE_anew, /* the hook takes no second program in that way: off, then on */
};

/* An instance under construction. */
struct xs_build {
	struct xsteer_ctx *ctx;
	const struct xs_attach_opts *opts;
	struct xs_netif netif;
	char dir[PATH_MAX], staging[PATH_MAX];
	struct xsteer_bpf *skel;
	__u32 set_layout; /* the highest that its program searches */
	struct xs_pins pins; /* of the staging directory */
	enum xs_mode mode; /* in which it was attached */
	__u32 prog_id;
	/* The instance that is replaced. */
	enum xs_replacing replacing;
	struct xs_pins old;
	struct xs_live old_live;
	int *root; /* the pin root's lock; -1 while it is not held */
	int lock; /* of the directory that is built in */
	int old_lock, old_link, old_prog; /* descriptors; -1: none */
	int old_prio; /* in the dispatcher */
};

/* Pins `fd` under `name` in the staging directory. 0 or -errno, logged. */
int xs_build_pin(const struct xs_build *build, int fd, const char *name);

/*
 * Makes the staging directory, locks it, and releases the lock of the pin root: from here
 * on only those who want this interface wait for us. 0 or -errno, logged. -ERESTART, silently:
 * somebody who looked whether we build held its lock: begin again.
 */
int xs_build_begin(struct xs_build *build);

/*
 * Creates and pins all of an instance except its link: maps, meta, rules, and the
 * program, unless libxdp loads one itself. 0 or -errno, logged.
 */
int xs_build_staging(struct xs_build *build);

/*
 * Puts the program on the hook by a pinned link, in the mode that was asked for. Sets
 * build->mode. 0 or -errno, logged with the kernel's own words.
 */
int xs_hook_attach(struct xs_build *build);

/* Logs who holds the hook, and what can be done. Returns -EBUSY. */
int xs_hook_refuse_held(struct xsteer_ctx *ctx, const char *ifname, const struct xs_hook *hook);

#endif
