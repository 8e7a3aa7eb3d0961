/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The map that a rule set counts in: an inner map of rule_stats, pinned as rule_stats_map. */
#ifndef XS_RULE_STATS_H
#define XS_RULE_STATS_H

#include <linux/types.h>

/*
 * Creates a zeroed map of `rows` (at least 1) struct xs_rule_stats, with the names of
 * its fields for bpftool. Needs CAP_BPF. Returns its descriptor, or -errno, silently.
 */
int xs_rule_stats_create(__u32 rows);

#endif
