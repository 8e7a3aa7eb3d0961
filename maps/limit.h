/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rates: what a rule set says of a limit (struct xs_set_limit), and the buckets of a limit,
 * which are pinned and outlive the set (maps `limits`, `limit_leases`, `limit_keys`).
 *
 * A bucket is one number: the time when it would be full again. A frame costs the time in
 * which the rate gives as much as it takes. It is within the limit if the bucket, with the
 * frame, is full again within the time that `burst` takes to come back. So nothing has to
 * fill a bucket up, and one that nobody asks costs nothing.
 */
#ifndef XSTEER_LIMIT_H
#define XSTEER_LIMIT_H

#include <linux/bpf.h>
#include <linux/types.h>

#define XS_LIMITS_MAX 255 /* of one set: xs_action.limit numbers them from 1 on */
/*
 * Rows of `limits` and of the maps beside it. The set in force, its fallback and the next
 * one may have XS_LIMITS_MAX each, all different.
 */
#define XS_LIMIT_ROWS 1024

/* Frames and bytes of one refused frame, as rows of a set's counters behind those of its rules. */
enum xs_limit_counter {
	XS_LIMIT_OVER, /* refused */
	XS_LIMIT_NO_ROOM, /* of these: because there was no room for its key */
	XS_LIMIT_COUNTERS
};

/* One row of `limits`: the bucket of a rule that has only one. All zero: full. */
struct xs_limit_row {
	/* Also for the buckets by key whose number leads here: those have no lock. */
	struct bpf_spin_lock lock;
	__u32 pad;
	__u64 full_ns; /* CLOCK_MONOTONIC: when the bucket is full again; past: it is */
};

/*
 * One row of `limit_leases`, by CPU: what this CPU has taken out of the rule's bucket in
 * advance, so that most frames touch no memory of other CPUs.
 */
struct xs_limit_lease {
	__u64 units; /* left; packets or bytes */
	__u64 ask_ns; /* before that time the bucket need not be asked: it was empty */
};

/* Key of an inner map of `limit_keys`: words of the packet's key (packet_key.h), masked. */
struct xs_limit_key {
	__u64 addr[4];
	__u64 l4; /* in its lowest two bits the family; 0: the packet lacks the field */
};

#define XS_LIMIT_FAMILY 3ULL /* bits of l4, which has ECN there in a packet's key */

/* Value of an inner map of `limit_keys`. */
struct xs_limit_bucket {
	__u64 full_ns;
};

/* A limit as a set has it, in an array by xs_action.limit; [0] is unused. */
struct xs_set_limit {
	__u64 cost; /* of a unit, in ns << shift */
	__u64 burst_ns; /* what all of the burst costs */
	__u64 lease_ns; /* how long a CPU that was refused waits; 0: it takes no leases */
	__u32 lease; /* units that a CPU takes at a time; at least 1 */
	__u32 row; /* in `limits`; apply fills it in */
	__u8 shift;
	__u8 otherwise; /* XS_VERDICT_pass or _drop over the limit */
	__u8 by_bytes; /* units are bytes, else packets */
	__u8 by_key; /* a bucket for each key */
	__u32 size; /* most keys */
	/* What of a packet's key is its key here. All zero: packets of the family have no key. */
	struct xs_limit_key mask[2]; /* IPv4, IPv6; in the lowest bits of l4: enum xs_family */
	__u64 pad;
};

_Static_assert(sizeof(struct xs_limit_row) == 16 && sizeof(struct xs_limit_lease) == 16 &&
		       sizeof(struct xs_limit_key) == 40 && sizeof(struct xs_limit_bucket) == 8,
	       "these are ABI");
_Static_assert(sizeof(struct xs_set_limit) == 128,
	       "a power of two, so that it never leaves its chunk");

#endif
