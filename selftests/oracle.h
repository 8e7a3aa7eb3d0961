/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What should happen to a frame according to the rule language. This is a plain, slow
 * interpreter of docs/rules.md. It shares no code with the compiler or the data path, so
 * that they can be compared with it.
 */
#ifndef SELFTESTS_ORACLE_H
#define SELFTESTS_ORACLE_H

#include "lib/rules/model/rule.h"
#include "oracle_buckets.h"

/* What the rules do not say: which targets accept a frame. Empty: none does. */
struct oracle_world {
	const __u32 *slots; /* of xsks_map, that hold a socket */
	__u32 slot_cnt;
	__u32 slot_queue; /* that these sockets are bound to */
	const __u32 *cpus;
	__u32 cpu_cnt;
	const __u32 *devs; /* ifindexes */
	__u32 dev_cnt;
};

/* The kernel tells no states of connections: no frame has one. Else each is new. */
extern bool oracle_without_ct_state;

struct oracle_result {
	int rule; /* index of the rule that decided, or -1 */
	enum xs_verdict verdict; /* of the rule, of default or of malformed */
	enum xs_reason reason; /* default, malformed_*, or none where a rule decided */
	enum xs_reason fallback; /* no_socket, no_cpu, no_dev, no_chain, over_limit, or none */
	enum xs_verdict done; /* what happens: the verdict, or what it fell back to */
	int xdp; /* enum xdp_action that the program returns */
};

/*
 * `world` may be NULL: no target accepts frames. The members of a dynamic set are its elements,
 * and none is past its time. Every frame is within its rule's limit.
 */
struct oracle_result oracle_run(const struct xs_ruleset *ruleset, const struct oracle_world *world,
				const void *frame, size_t len, __u32 queue);

/* The same for one frame after another: what they take out of buckets is in *memory. */
struct oracle_result oracle_run_next(const struct xs_ruleset *ruleset,
				     const struct oracle_world *world, struct oracle_memory *memory,
				     const void *frame, size_t len, __u32 queue);

#endif
