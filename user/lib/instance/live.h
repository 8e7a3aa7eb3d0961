/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel says of the program that an instance has pinned. */
#ifndef XS_INSTANCE_LIVE_H
#define XS_INSTANCE_LIVE_H

#include <stdbool.h>
#include <linux/types.h>

#include "pins.h"

/* What the kernel says of the program that an instance has pinned. */
struct xs_live {
	__u32 prog_id;
	bool attached; /* it is on the hook of its interface */
	__u32 ifindex; /* of what its link is on, in whatever network namespace; 0: nothing */
	bool native; /* else skb */
};

/* 0, or -errno, silently, if the program's pin cannot be read. */
int xs_instance_live(const struct xs_pins *pins, struct xs_live *live);

#endif
