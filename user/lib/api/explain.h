/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is behind the public header's struct xsteer_explain. */
#ifndef XS_API_EXPLAIN_H
#define XS_API_EXPLAIN_H

#include "lib/set/explain.h"
#include "lib/set/sets.h"

struct xsteer_explain {
	struct xsteer_ctx *ctx;
	struct xs_pins live; /* dir "": over rules of the caller's */
	struct xs_explain copy; /* the program, loaded once more */
	struct xs_rules_in_force set; /* that it searches */
};

#endif
