/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Random numbers that are the same for the same seed on every machine. */
#ifndef SELFTESTS_RNG_H
#define SELFTESTS_RNG_H

#include <stdbool.h>
#include <linux/types.h>

struct rng {
	__u64 state;
};

static inline __u64 rng_next(struct rng *rng)
{
	__u64 x = rng->state += 0x9e3779b97f4a7c15ULL; /* splitmix64 */

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* 0 to n - 1 */
static inline __u32 rng_below(struct rng *rng, __u32 n)
{
	return rng_next(rng) % n;
}

static inline bool rng_chance(struct rng *rng, __u32 percent)
{
	return rng_below(rng, 100) < percent;
}

#endif
