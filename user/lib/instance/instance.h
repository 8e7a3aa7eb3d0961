/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Making and removing an instance: load the program, pin, attach, publish; detach,
 * unpin. For the loader, and for a bouncer that finds nothing on its interface. The
 * functions are in attach.c and detach.c.
 */
#ifndef XS_INSTANCE_H
#define XS_INSTANCE_H

#include "pins.h"

enum xs_mode {
	XS_MODE_AUTO, /* native, else skb; says which and why */
	XS_MODE_NATIVE,
	XS_MODE_SKB,
};

extern const char *const xs_mode_names[]; /* auto native skb */

struct xs_attach_opts {
	enum xs_mode mode;
	int prio; /* > 0: through libxdp's dispatcher */
	bool xsk_missing_drop; /* default action: xsk, else drop */
	bool automatic; /* XS_META_AUTO */
	bool xsk_missing_said; /* an existing instance must agree on xsk_missing_drop */
	bool replace; /* remove an existing instance of ours once the new one is built */
	/*
	 * If not NULL, called after the maps are made and before the first frame meets
	 * the program. Puts the rules in.
	 */
	int (*prepare)(struct xs_pins *pins, void *arg);
	void *prepare_arg;
};

struct xs_attached {
	enum xs_mode mode; /* in which it was attached */
	__u32 prog_id;
	bool already; /* it was attached before: nothing was done */
};

/*
 * Attaches to `ifname`, and publishes the pin directory with one rename. The caller
 * holds *root = xs_pins_lock_for(ifname, true). It is released while the program is loaded
 * and put on its hook, or somebody else is waited for, and held again on return; -1: it
 * could not be taken again. First
 * removes what a killed process left half-made.
 * Needs a bpffs, and CAP_BPF and CAP_NET_ADMIN (CAP_SYS_ADMIN before 5.8). 0; -EBUSY:
 * somebody else, whom the message names, holds the hook; other -errno, logged with the
 * kernel's own words.
 */
int xs_instance_attach(struct xsteer_ctx *ctx, const char *ifname,
		       const struct xs_attach_opts *opts, struct xs_attached *got, int *root);

/*
 * Detaches and unpins. The caller holds *root = xs_pins_lock_for(ifname, false). It is
 * released while somebody who holds the instance's lock is waited for, and held again on
 * return; -1: it could not be taken again. 0; -ENOENT, silently: there is no instance;
 * other -errno, logged. Never touches a program of somebody else.
 */
int xs_instance_detach(struct xsteer_ctx *ctx, const char *ifname, int *root);

/*
 * The same for an instance that is open, wherever its directory and interface are. -EBUSY,
 * logged: another process builds an instance in its place. -ERESTART, silently: somebody held
 * the instance's lock and was waited for: look again whether it is to be taken apart.
 */
int xs_instance_take_apart(const struct xs_pins *pins, int *root);

#endif
