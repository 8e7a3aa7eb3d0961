/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An instance on lo, in skb mode, for a file of tests: they call functions of lib/ on its
 * real pins, in the runner's namespaces.
 */
#ifndef XS_TEST_LO_H
#define XS_TEST_LO_H

#include "lib/instance/pins.h"
#include "lib/set/sets.h"

#define LO_ROOT "/sys/fs/bpf/xsteer-test"

struct test_lo {
	struct xsteer_ctx *ctx; /* of LO_ROOT */
	int lock; /* of that root, held by the test */
	struct xs_pins pins;
};

extern struct test_lo lo;

/* For cmocka: the instance is attached before the first test, and detached after the last. */
int lo_set_up(void **state);
int lo_tear_down(void **state);

/* Reads meta as a new process would. */
void lo_reopen(void);

/* What xs_rule_sets_apply() returned; the text must be right. result may be NULL. */
int lo_apply(const char *text, __u32 confirm_sec, struct xs_apply *result);

/* The set in force has this one rule. */
void lo_assert_rule(const char *text);

/* The number of the program in the link. */
__u32 lo_running(void);

#endif
