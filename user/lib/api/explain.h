/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The inside of struct xsteer_explain, which the public header only declares. */
#ifndef XS_API_EXPLAIN_H
#define XS_API_EXPLAIN_H

#include "lib/set/explain.h"
#include "lib/set/sets.h"

struct xsteer_explain {
	struct xsteer_ctx *ctx;
	struct xs_pins live; /* dir "": the rules are the caller's */
	struct xs_explain copy; /* the program, loaded a second time */
	struct xs_rules_in_force set; /* the set that it searches */
};

#endif
