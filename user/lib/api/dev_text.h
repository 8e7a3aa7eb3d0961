/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* `dev IFNAME` in the text of a rule, by what the interface is called now. */
#ifndef XS_API_DEV_TEXT_H
#define XS_API_DEV_TEXT_H

#include <stddef.h>

#include "maps/xsteer.h"

/*
 * The text of a rule whose action may be `dev`: as it was written, or, if the interface
 * was renamed since, with its name of now, in `buf`; cut there if it does not fit.
 * *gone_ifindex: its index, if the interface is gone; else 0. No privilege needed.
 */
const char *xs_dev_text(const char *text, const struct xs_action *action, char *buf, size_t len,
			__u32 *gone_ifindex);

#endif
