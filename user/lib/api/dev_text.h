/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Shows `dev IFNAME` in a rule's text with the interface's current name. */
#ifndef XS_API_DEV_TEXT_H
#define XS_API_DEV_TEXT_H

#include <stddef.h>

#include "maps/xsteer.h"

/*
 * Returns the text of a rule whose action may be `dev`. This is the text as it was
 * written, or, if the interface has another name now, a copy in `buf` with the current
 * name, cut if it does not fit. *gone_ifindex is the interface's index if it is gone,
 * else 0. Needs no privilege.
 */
const char *xs_dev_text(const char *text, const struct xs_action *action, char *buf, size_t len,
			__u32 *gone_ifindex);

#endif
