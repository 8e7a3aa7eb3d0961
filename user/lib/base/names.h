/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The contract's enums as people read them: one word for each value, the same everywhere. */
#ifndef XS_NAMES_H
#define XS_NAMES_H

#include "maps/xsteer.h"

extern const char *const xs_verdict_names[XS_VERDICT_MAX];
/* [0] is "none". Each other name is that of its counter without "reason_". */
extern const char *const xs_reason_names[XS_REASON_MAX];

/* The mode that a socket asked for or got: auto, copy, zero-copy; "?" for any other number. */
const char *xs_xsk_mode_name(__u32 mode);

#endif
