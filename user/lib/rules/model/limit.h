/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What `limit` behind a verdict says: a rate, and what has a bucket of its own. Pure data. */
#ifndef XS_RULE_LIMIT_H
#define XS_RULE_LIMIT_H

#include <stdbool.h>
#include <linux/types.h>

#define XS_LIMIT_SIZE 65536 /* keys, where the rule does not say */
#define XS_LIMIT_SIZE_MAX (1U << 22) /* about 400 MB of kernel memory */
/* Units in one unit of time. Above it a packet would cost less than the data path can tell. */
#define XS_LIMIT_RATE_MAX 1000000000000000ULL
/*
 * The most time that a bucket takes to fill, and that a unit takes to come back, in ns. The
 * data path multiplies the second one by the bytes of a frame.
 */
#define XS_LIMIT_BURST_NS_MAX (1ULL << 62)
#define XS_LIMIT_UNIT_NS_MAX (1ULL << 42)

/* What has a bucket of its own. */
enum xs_limit_per {
	XS_LIMIT_PER_RULE,
	XS_LIMIT_PER_ip_saddr,
	XS_LIMIT_PER_ip_daddr,
	XS_LIMIT_PER_ip6_saddr,
	XS_LIMIT_PER_ip6_daddr,
	XS_LIMIT_PER_flow, /* addresses, ports, protocol; one direction */
};

struct xs_limit {
	__u64 rate; /* units in per_ns; 0: the rule has no limit, and the rest is 0 */
	__u64 per_ns; /* a second, minute, hour, day, week */
	__u64 burst; /* units that a full bucket holds; at least 1 */
	bool by_bytes; /* units are bytes, else packets */
	__u8 otherwise; /* XS_VERDICT_pass or _drop, for what is over it */
	__u8 per; /* enum xs_limit_per */
	__u8 prefix; /* bits of the address that make the key */
	__u32 size; /* most keys; 0: the rule has one bucket */
};

#endif
