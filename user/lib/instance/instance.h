/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Making and taking away an instance: load the program, pin, attach, publish;
 * detach, unpin. Shared by the loader and by a bouncer that finds nothing on
 * its interface. attach.c and detach.c.
 */
#ifndef XS_INSTANCE_H
#define XS_INSTANCE_H

#include "pins.h"

enum xs_mode {
	XS_MODE_AUTO, /* native, then skb, and says which and why */
	XS_MODE_NATIVE,
	XS_MODE_SKB,
};

extern const char *const xs_mode_names[]; /* auto native skb */

struct xs_attach_opts {
	enum xs_mode mode;
	int prio; /* > 0: through libxdp's dispatcher */
	bool xsk_missing_drop; /* default action: xsk else drop */
	bool automatic; /* XS_META_AUTO */
	bool xsk_missing_said; /* an instance that is there must do as xsk_missing_drop */
	bool replace; /* take an instance of ours away once the new one is built */
	/*
	 * Called, if not NULL, after the maps are made and before the first
	 * frame sees the program: puts the rules in.
	 */
	int (*prepare)(struct xs_pins *pins, void *arg);
	void *prepare_arg;
};

struct xs_attached {
	enum xs_mode mode; /* what was got */
	__u32 prog_id;
	bool already; /* it was attached before: nothing was done */
};

/*
 * Attaches to `ifname`, publishing the pin directory with one rename. The
 * caller holds xs_pins_lock(NULL, true). What is left half-made by a process
 * that was killed is cleared away first.
 * Needs CAP_BPF and CAP_NET_ADMIN (CAP_SYS_ADMIN before 5.8), a bpffs.
 * 0; -EBUSY: the hook is held by someone else, who is named; other -errno after
 * logging the kernel's own words.
 */
int xs_instance_attach(struct xsteer_ctx *ctx, const char *ifname,
		       const struct xs_attach_opts *opts, struct xs_attached *got);

/*
 * Detaches and unpins; the caller holds xs_pins_lock(NULL, false). -ENOENT,
 * silently, if there is none. Never touches a program of someone else's.
 */
int xs_instance_detach(struct xsteer_ctx *ctx, const char *ifname);

/* The same for one that is open, wherever its directory and interface are. */
int xs_instance_take_apart(const struct xs_pins *pins);

#endif
