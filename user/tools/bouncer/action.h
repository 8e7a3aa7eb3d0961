/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a bouncer does to a packet on its way. */
#ifndef XS_BOUNCER_ACTION_H
#define XS_BOUNCER_ACTION_H

#include <stdbool.h>
#include <linux/types.h>

#include "opts.h"

/* Changes the packet in place: `len` bytes of its first frame. False: do not send the packet. */
bool xs_action_apply(__u32 actions, void *data, __u32 len);

#endif
