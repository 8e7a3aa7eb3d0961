/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Compares what rules need with what an interface and a machine can do. Pure: the
 * caller has asked the kernel.
 */
#ifndef XS_FIT_H
#define XS_FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/rules/model/rule.h"

/* No kernel is built for more. */
#define XS_PLACE_CPUS 8192

/* An interface with the program on it. What is not known is assumed to work. */
struct xs_place {
	const char *ifname;
	bool native; /* the driver runs the program; in skb mode the kernel can send everything */
	bool redirects; /* the driver supports redirects, as far as is known */
	bool tx_arrives; /* false: a veth's other end may refuse what is sent back */
	bool peer_unseen; /* a veth whose other end is in another network namespace */
	bool open_checksums; /* frames may come with unfinished checksums */
	bool merges; /* frames may come merged into longer ones than the MTU */
	bool no_limits; /* the kernel's verifier refuses limits, dynamic sets, some fields */
	char release[65]; /* of the kernel; "": not known */
	__u32 rx_queues; /* in use; 0: not known */
	__u32 cpus; /* numbered from 0; 0: not known */
	__u64 offline[XS_PLACE_CPUS / 64]; /* a bit for each CPU that is */
	/* Is there such an interface? NULL: not known. */
	bool (*exists)(void *arg, const char *ifname);
	/*
	 * Does this interface accept frames that another one redirects? 1: yes, as far as is
	 * known; 0: no; -errno: this could not be asked.
	 */
	int (*takes_redirects)(void *arg, const char *ifname);
	/* Does the kernel tell the state of connections? NULL: not known. */
	bool (*tells_connections)(void *arg);
	void *arg;
};

enum xs_fit {
	XS_FIT_YES,
	XS_FIT_DOUBTFUL, /* frames are lost unless something is changed elsewhere */
	XS_FIT_NEVER,
};

/*
 * Judges one rule, NULL for the default, by its matches and this action; `dev` is the name of the
 * action's interface, `spreads` are those of the rule's set. `text`, of `len` bytes, gets why it does not fit, and what helps; it is
 * untouched if it fits.
 */
enum xs_fit xs_rule_fit(const struct xs_rule *rule, const struct xs_action *action, const char *dev,
			const struct xs_spread *spreads, const struct xs_place *place, char *text,
			size_t len);

/* Whether a match lets frames of the queue pass; one of another field does. */
bool xs_match_holds_for_queue(const struct xs_match *match, __u32 queue);

/* `rule` is NULL for the default. `text` is valid during the call only. */
typedef void (*xs_misfit_fn)(void *arg, const struct xs_rule *rule, enum xs_fit fit,
			     const char *text);

/*
 * Judges every rule, and the default; calls say() for each that does not fit. Returns
 * the worst result.
 */
enum xs_fit xs_rules_fit(const struct xs_ruleset *set, const struct xs_place *place,
			 xs_misfit_fn say, void *arg);

#endif
